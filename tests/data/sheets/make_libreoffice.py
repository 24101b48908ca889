"""Fills in the exported template with LibreOffice, as a person would, and saves it.

    bot export xlsx --template --out template.xlsx
    /usr/bin/python3 tests/data/sheets/make_libreoffice.py template.xlsx libreoffice.xlsx

Needs soffice and the system's python3-uno; the test that reads libreoffice.xlsx needs neither.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

PIPE = "fill-template"
# By heading: typed as a person types it, into cells that are already formatted.
ROWS = [
    {
        "编号": "0506-hand-hygiene",
        "发布时间": "2026-05-06 10:00",
        "标题": "手卫生，从七步洗手法开始",
        "账号": "u01-weibo 健康澜汀（微博）",
        "选题": "科普",
        "短文": "洗手二十秒。\n掌心、手背、指缝。",
        "作者": "区健康促进中心",
        "审核人": "区疾控中心传染病防制科",
        "重点稿件转载时限": "T+24h",
        "分散时间": "2小时",
        "免转单位": "u02：与该院无关",
    },
    {
        "编号": "0507",
        "发布时间": "2026年5月7日 下午3点半",
        "标题": "=不是公式",
        "账号": "u01-weibo",
        "短文": "5-6",
        "群发": "否",
        "AI生成": "是",
        "发布窗口": "12h",
    },
]


def main(template: str, target: str) -> None:
    """Opens the template, fills it in, saves it as .xlsx."""
    with tempfile.TemporaryDirectory() as profile:
        office = subprocess.Popen(
            ["soffice", "--headless", "--norestore", f"--accept=pipe,name={PIPE};urp;",
             f"-env:UserInstallation=file://{profile}"]
        )
        try:
            desktop = _connect()
            book = desktop.loadComponentFromURL(_url(template), "_blank", 0, (_set("Hidden", True),))
            _fill(book.Sheets.getByIndex(0))
            kind = _set("FilterName", "Calc MS Excel 2007 XML")
            book.storeToURL(_url(target), (kind,))
            book.close(True)
            desktop.terminate()
        finally:
            office.wait(60)


def _fill(sheet: object) -> None:
    headings = {}
    column = 0
    while sheet.getCellByPosition(column, 0).String:
        headings[sheet.getCellByPosition(column, 0).String] = column
        column += 1
    for number, row in enumerate(ROWS, start=2):  # below the example
        for heading, text in row.items():
            cell = sheet.getCellByPosition(headings[heading], number)
            if heading == "发布时间":
                cell.setFormula(text)  # becomes a date where LibreOffice knows it as one
            else:
                cell.setString(text)


def _connect() -> object:
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    for _attempt in range(120):
        try:
            context = resolver.resolve(f"uno:pipe,name={PIPE};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext(
                "com.sun.star.frame.Desktop", context
            )
        except NoConnectException:
            time.sleep(0.5)
    raise SystemExit("soffice does not answer")


def _set(name: str, value: object) -> object:
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def _url(path: str) -> str:
    return Path(path).resolve().as_uri()


if __name__ == "__main__":
    main(*sys.argv[1:])
