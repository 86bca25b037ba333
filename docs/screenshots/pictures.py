"""A picture of what stands in a browser's window."""
import base64
import pathlib
import sys

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here / "../../tests/page"))
from webdriver import Browser  # noqa: E402


def picture(page, name, dark=False, at=None):
    page.devtools("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
    page.run("scrollTo({top: arguments[0] ? document.querySelector(arguments[0]).getBoundingClientRect().top"
             " + scrollY - 60 : 0, behavior: 'instant'})", at)
    page.run("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shot = page.devtools("Page.captureScreenshot", format="png", optimizeForSpeed=False)
    (here / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))
