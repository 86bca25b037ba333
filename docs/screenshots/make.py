"""Takes the pictures: make.py ENGLISH.html CHINESE.html"""
import base64
import pathlib
import sys

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here / "../../tests/page"))
from webdriver import Browser  # noqa: E402

english, chinese = sys.argv[1:]


def picture(page, name, dark=False, at=None):
    page.devtools("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
    page.run("scrollTo({top: arguments[0] ? document.querySelector(arguments[0]).getBoundingClientRect().top"
             " + scrollY - 60 : 0, behavior: 'instant'})", at)
    page.run("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shot = page.devtools("Page.captureScreenshot", format="png", optimizeForSpeed=False)
    (here / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


with Browser(1180, 860) as page:
    page.open(english)
    picture(page, "light")
    picture(page, "dark", dark=True)
    picture(page, "timeline", at="#timeline")
    picture(page, "finding", at="#findings")
    page.type("#search", "203.0.113.77")
    page.until("found", "return document.querySelectorAll('.grid .body .row').length < 20")
    page.click(".grid .body .row")
    picture(page, "items", dark=True, at="#items")
    picture(page, "coverage", at="#coverage")
    page.open(chinese)
    picture(page, "zh")
    picture(page, "zh-finding", at="#findings")
