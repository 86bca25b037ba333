#!/usr/bin/env python3
"""Opens a fleet's page in headless Chromium: does it lead to the evidence, and did a host get anything done in it?

    check_page.py PAGE HOSTS RULES NEEDLE CHINESE

HOSTS is how many hosts there are, RULES how many rules hold, NEEDLE a word in the evidence of one host alone, CHINESE the
same page in Chinese. Prints what was wrong; status 1 then.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "../page"))
from invariants import ACTIVE, first_stop, injected, light_and_dark  # noqa: E402
from webdriver import Browser  # noqa: E402

ROWS = "document.querySelectorAll('.matrix .body .row')"
MARKS = ".matrix .mark"
TOLD = "return document.getElementById('told').textContent"
COUNT = "return document.getElementById('{0}-count').textContent.startsWith(arguments[0])"
MOST_RULES = 60


def choose(page, css):
    """As click, for what may lie out of sight: scrolling draws rows anew, so that comes first."""
    page.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center', behavior: 'instant'});"
             "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))", css)
    page.click(css)


def few_cells(page):
    """The matrix stays fluid because it never draws more than what is in sight."""
    rows, columns = page.run(f"return [{ROWS}.length, {ROWS}[0].children.length - 3]")
    assert 5 < rows < 60 and columns <= MOST_RULES, f"{rows} rows of {columns} rules are drawn"


def ordered(page, hosts):
    """The worst hosts and rules are first, and a rule's column sorts by what it found."""
    assert page.run("return document.querySelector('.matrix').ariaRowCount") == str(hosts + 1)
    few_cells(page)
    first = f"return {ROWS}[0].querySelector('.mark')?.textContent"
    assert page.run(first).startswith("C"), "the worst is first"
    page.click(".matrix .head > :nth-child(4) button")
    assert page.run(first).startswith("C")
    page.click(".matrix .head > :nth-child(4) button")
    assert page.run(f"return {ROWS}[0].children[3].querySelector('.mark')") is None, "hosts without it are first when turned round"
    page.click(".matrix .head > :nth-child(2) button")
    assert page.run(f"return {ROWS}[0].querySelector('.verdict').textContent") == "COMPROMISED", "by how bad, not by letters"


def narrowed(page, hosts, rules):
    """By search, by verdict and by severity."""
    chosen = "const s = document.getElementById(arguments[0]); s.value = arguments[1]; s.dispatchEvent(new Event('change'));"
    columns = "return document.querySelectorAll('.matrix .rule').length"
    usual = page.run(columns)
    page.run(chosen, "severity", "99")
    assert usual < page.run(columns) == MOST_RULES < rules
    said = page.run("return document.getElementById('narrowed').textContent")
    assert f"{MOST_RULES} of {rules}" in said, said
    page.run(chosen, "severity", "0")
    assert page.run(columns) < usual
    page.run(chosen, "severity", "2")
    page.run(chosen, "verdict", "compromised")
    assert page.run(COUNT.format("matrix"), "5 of"), "five hosts are compromised"
    page.run(chosen, "verdict", "")
    page.type("#matrix-search", "ci-00004")
    page.until("one host is found", COUNT.format("matrix"), "1 of")
    injected(page)


def drilled_down(page, needle):
    """By keyboard from the square of a host and a rule to the evidence, and back to the square."""
    page.run("document.querySelector('.matrix .body').focus()")
    page.press("Home", "Right", "Right", "Right", "Enter")
    page.until("the drawer opens", "return document.getElementById('drawer').open")
    told = page.run(TOLD)
    assert needle + "\\nrule: innocent" in told, told[:2000]
    assert page.run("return document.querySelectorAll('#told .card[open]').length") == 1, "the square's rule alone is open"
    injected(page)
    page.press("Escape")
    page.until("Escape closes it", "return !document.getElementById('drawer').open")
    assert page.run(ACTIVE) == "body", "and leads back to the matrix"
    page.run("const s = document.getElementById('matrix-search'); s.value = ''; s.dispatchEvent(new Event('input'));")


def followed(page):
    """From a thing that two hosts have to one of them, and back."""
    page.type("#shared-search", "kind")
    page.until("shared things are found", "return document.querySelectorAll('#shared .body .row').length > 0")
    choose(page, "#shared .body .row .cell")
    links = "return [...document.querySelectorAll('#told .link')].map(e => e.textContent)"
    both = page.run(links)
    assert len(both) == 2, both
    page.click("#told .link")
    page.until("the host is told", "return document.getElementById('drawer-title').textContent === arguments[0]", both[0])
    assert page.run("return document.querySelectorAll('#told .standing').length") == 1
    page.click("#back")
    assert page.run(links) == both
    injected(page)
    page.click("#close")
    choose(page, "#rules .body .row .cell")
    assert len(page.run(links)) == 20, "a rule leads to its hosts"
    page.click("#close")


def every_list_opens(page):
    for section in ("stack", "content", "packages", "hosts", "stale"):
        rows = page.run(f"return document.querySelectorAll('#{section} .body .row').length")
        assert rows or section in ("content", "packages"), f"{section} is empty"
        if rows:
            choose(page, f"#{section} .body .row .cell")
            assert page.run("return document.getElementById('drawer').open"), section
            injected(page)
            page.click("#close")


def printed(page):
    """What is not printed is said."""
    page.run("dispatchEvent(new Event('beforeprint'))")
    said = page.run("return document.getElementById('matrix-count').textContent")
    assert page.run(f"return {ROWS}.length") == 200 and "200 of 300" in said, said
    page.run("dispatchEvent(new Event('afterprint'))")
    few_cells(page)


def in_chinese(page, path):
    page.open(path)
    injected(page)
    assert page.run("return document.documentElement.lang") == "zh-CN"
    assert page.run(f"return {ROWS}[0].querySelector('.verdict').textContent") == "已被入侵"
    choose(page, MARKS)
    assert "原因" not in page.run("return document.getElementById('drawer-title').textContent")
    assert "发现" in page.run(TOLD)
    english = page.run("return [...document.querySelectorAll('main > section h2, main > section > p')].map(e => e.textContent)"
                       ".filter(text => !/[\\u4e00-\\u9fff]/.test(text))")
    assert not [text for text in english if text], english


def main(path, hosts, rules, needle, chinese):
    with Browser() as page:
        page.open(path)
        injected(page)
        first_stop(page)
        ordered(page, hosts)
        narrowed(page, hosts, rules)
        drilled_down(page, needle)
        followed(page)
        every_list_opens(page)
        light_and_dark(page)
        printed(page)
        injected(page)
        in_chinese(page, chinese)
        said = page.log()
        assert not said, f"the browser complains: {said[:3]}"


try:
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
except (AssertionError, RuntimeError) as wrong:
    sys.exit(f"{type(wrong).__name__}: {wrong}")
