#!/usr/bin/env python3
"""Opens a page of a hostile report in headless Chromium and looks for anything that the report got done.

    check.py PAGE ITEMS NEEDLE

ITEMS is how many items the report has, NEEDLE a word that one of them has. Prints what was wrong; status 1 then.
"""
import sys

from invariants import ACTIVE, first_stop, injected, light_and_dark
from webdriver import Browser

ROWS = "document.querySelectorAll('.grid .body .row')"
FIRST = f"{ROWS}[0].children[1].textContent"


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
