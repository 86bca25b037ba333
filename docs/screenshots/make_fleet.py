"""Takes the pictures of the fleet's page: make_fleet.py ENGLISH.html CHINESE.html"""
import sys

from pictures import Browser, picture

english, chinese = sys.argv[1:]

with Browser(1320, 1180) as page:
    page.open(english)
    picture(page, "fleet")
    picture(page, "fleet-lists", at="#stack")
    page.run("scrollTo(0, 0)")
    page.click(".matrix .mark")
    picture(page, "fleet-evidence", dark=True)
    page.open(chinese)
    picture(page, "fleet-zh")
