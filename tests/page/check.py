#!/usr/bin/env python3
"""Opens a page of a hostile report in headless Chromium and looks for anything that the report got done.

    check.py PAGE ITEMS NEEDLE

ITEMS is how many items the report has, NEEDLE a word that one of them has. Prints what was wrong; status 1 then.
"""
import sys

from webdriver import Browser

ALLOWED = """HTML HEAD META TITLE STYLE BODY A BUTTON MAIN SCRIPT HEADER P H1 H2 H3 H4 SPAN UL OL LI STRONG NAV SECTION
DETAILS SUMMARY DIV DL DT DD TABLE THEAD TBODY TR TH TD LABEL INPUT SELECT OPTION NOSCRIPT TIME PRE svg g line text rect
title""".split()
FOREIGN = """const names = new Set(arguments[0]);
return [...document.querySelectorAll('*')].flatMap(e => [
  ...(names.has(e.tagName) ? [] : ['element ' + e.tagName]),
  ...[...e.attributes].filter(a => /^on/i.test(a.name) || (a.name === 'style' && !e.closest('.grid'))
    || (/^(href|src|action)$/.test(a.name) && !a.value.startsWith('#'))).map(a => 'attribute ' + a.name)]);"""
MISLEADING = r"""const bad = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
const all = [...document.querySelectorAll('*')].filter(e => !['SCRIPT', 'STYLE'].includes(e.tagName));
return all.flatMap(e => [...[...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data),
  ...[...e.attributes].map(a => a.value)]).filter(text => bad.test(text)).slice(0, 3);"""
ROWS = "document.querySelectorAll('.grid .body .row')"
FIRST = f"{ROWS}[0].children[1].textContent"
ACTIVE = "return document.activeElement.id || document.activeElement.className"


def injected(page):
    """What must hold of any page at any time."""
    assert page.run("return window.pwned") is None, "a script of the report ran"
    assert page.run("return document.scripts.length") == 2, "there is a foreign script"
    foreign = page.run(FOREIGN, ALLOWED)
    assert not foreign, f"foreign: {foreign[:5]}"
    misleading = page.run(MISLEADING)
    assert not misleading, f"not escaped: {misleading}"
    loaded = page.run("return performance.getEntriesByType('resource').length")
    assert loaded == 0, f"{loaded} things were loaded"
    try:
        page.call("GET", "/alert/text")
        raise AssertionError("an alert stands open")
    except RuntimeError as nothing:
        assert "no such alert" in str(nothing), nothing


def few_rows(page):
    """The list stays fluid because it never draws more than what is in sight."""
    rows = page.run(f"return {ROWS}.length")
    assert 10 < rows < 60, f"{rows} rows are drawn"


def searched(page, items, needle):
    assert page.run("return document.querySelector('.grid').ariaRowCount") == str(items + 1)
    few_rows(page)
    page.type("#search", needle)
    page.until("one item is found", "return document.getElementById('count').textContent.startsWith('1 ')")
    assert page.run(f"return {ROWS}.length") == 1
    page.click(".grid .body .row")
    assert needle in page.run("return document.getElementById('detail').textContent")
    injected(page)
    page.run("const s = document.getElementById('search'); s.value = ''; s.dispatchEvent(new Event('input'));")
    page.until("all items are back", "return document.querySelector('.grid').ariaRowCount == arguments[0]", items + 1)


def ordered(page):
    """By key, up and down: what is first when sorted up is last when sorted down."""
    page.click(".head > :nth-child(2) button")
    up = page.run(f"return [document.querySelector('[aria-sort=ascending]').textContent, {FIRST}]")
    page.click(".head > :nth-child(2) button")
    down = page.run(f"return [document.querySelector('[aria-sort=descending]').textContent, {FIRST}]")
    assert up[0] == down[0] and up[1] < down[1], (up, down)
    page.run("document.querySelector('.grid .body').scrollTop = 1e9")
    page.until("the last row is drawn", f"return [...{ROWS}].at(-1).children[1].textContent === arguments[0]", up[1])
    few_rows(page)


def first_stop(page):
    """Of a page that was just opened."""
    page.press("Tab")
    assert page.run(ACTIVE) == "skip", "the first stop is the skip link"
    page.press("Enter")
    page.until("the skip link leads to the report", "return document.activeElement.id === 'main'")


def by_keyboard(page, items):
    page.run("document.getElementById('kind').focus()")
    page.press("Tab", "Tab", "Tab", "Tab")
    assert page.run(ACTIVE) == "body", "the list is reached by Tab"
    page.press("End")
    last = "return document.activeElement.getAttribute('aria-activedescendant')"
    assert page.run(last) == f"grid-row-{items - 1}"
    page.until("the chosen row is drawn", f"return !!document.getElementById('grid-row-{items - 1}')")
    page.press("Enter")
    assert page.run(ACTIVE) == "detail" and page.run("return document.querySelectorAll('#detail dt').length") > 0
    page.press("Escape")
    assert page.run(ACTIVE) == "body", "Escape leads back to the list"


def light_and_dark(page):
    ground = "return getComputedStyle(document.body).backgroundColor"
    colours = set()
    page.run("document.getElementById('theme').focus()")
    for _ in range(2):
        page.press("Enter")
        colours.add(page.run(ground))
    assert len(colours) == 2, colours


def printed(page, items):
    """What is not printed is said."""
    page.run("dispatchEvent(new Event('beforeprint'))")
    rows = page.run(f"return {ROWS}.length")
    said = page.run("return document.getElementById('count').textContent")
    assert rows == 1000 and "1000" in said and str(items) in said, (rows, said)
    assert page.run("return document.querySelectorAll('details:not([open])').length") == 0
    page.run("dispatchEvent(new Event('afterprint'))")
    few_rows(page)


def main(path, items, needle):
    with Browser() as page:
        page.open(path)
        injected(page)
        first_stop(page)
        searched(page, items, needle)
        ordered(page)
        by_keyboard(page, items)
        light_and_dark(page)
        printed(page, items)
        injected(page)
        said = page.log()
        assert not said, f"the browser complains: {said[:3]}"


try:
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
except (AssertionError, RuntimeError) as wrong:
    sys.exit(f"{type(wrong).__name__}: {wrong}")
