"""Takes the pictures: make.py ENGLISH.html CHINESE.html"""
import sys

from pictures import Browser, picture

english, chinese = sys.argv[1:]

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
