"""What must hold of every page, whatever its hosts say."""

ALLOWED = """HTML HEAD META TITLE STYLE BODY A BUTTON MAIN SCRIPT HEADER P H1 H2 H3 H4 SPAN UL OL LI STRONG NAV
SECTION DETAILS SUMMARY DIV DL DT DD TABLE THEAD TBODY TR TH TD LABEL INPUT SELECT OPTION NOSCRIPT TIME
PRE DIALOG SMALL svg g line text rect title""".split()
FOREIGN = """const names = new Set(arguments[0]);
return [...document.querySelectorAll('*')].flatMap(e => [
  ...(names.has(e.tagName) ? [] : ['element ' + e.tagName]),
  ...[...e.attributes].filter(a => /^on/i.test(a.name) || (a.name === 'style' && !e.closest('.grid'))
    || (/^(href|src|action)$/.test(a.name) && !a.value.startsWith('#'))).map(a => 'attribute ' + a.name)]);"""
MISLEADING = r"""const bad = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
const all = [...document.querySelectorAll('*')].filter(e => !['SCRIPT', 'STYLE'].includes(e.tagName));
return all.flatMap(e => [...[...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data),
  ...[...e.attributes].map(a => a.value)]).filter(text => bad.test(text)).slice(0, 3);"""
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


def first_stop(page):
    """Of a page that was just opened."""
    page.press("Tab")
    assert page.run(ACTIVE) == "skip", "the first stop is the skip link"
    page.press("Enter")
    page.until("the skip link leads to the report", "return document.activeElement.id === 'main'")


def light_and_dark(page):
    ground = "return getComputedStyle(document.body).backgroundColor"
    colours = set()
    page.run("document.getElementById('theme').focus()")
    for _ in range(2):
        page.press("Enter")
        colours.add(page.run(ground))
    assert len(colours) == 2, colours
