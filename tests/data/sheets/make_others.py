"""Makes workbooks in the manner of Excel and WPS: `python tests/data/sheets/make_others.py`.

Their parts are written out by hand, with what those programs put into them: rich text, phonetic
runs, inline strings, Chinese date formats, formulas with results, tables, merged titles.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

HERE = Path(__file__).parent
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def styles(formats: list[tuple[int, str]]) -> str:
    """A styles part: cell style n has the n-th of these formats; a code "" is a built-in one."""
    own = [(number, code) for number, code in formats if code]
    numbers = "".join(
        f'<numFmt numFmtId="{number}" formatCode="{code.replace(chr(34), "&quot;")}"/>'
        for number, code in own
    )
    cells = "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        for number, _code in formats
    )
    return (
        f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts count="{len(own)}">{numbers}</numFmts>'
        '<fonts count="1"><font><sz val="11"/><name val="宋体"/><charset val="134"/></font></fonts>'
        '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
        "<borders count=\"1\"><border/></borders>"
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(formats)}">{cells}</cellXfs></styleSheet>'
    )


def package(name: str, parts: dict[str, str]) -> None:
    """Writes a workbook of these parts."""
    kinds = {"xl/workbook.xml": "sheet.main", "xl/styles.xml": "styles"}
    kinds |= {"xl/sharedStrings.xml": "sharedStrings", "xl/tables/table1.xml": "table"}
    kinds |= {part: "worksheet" for part in parts if part.startswith("xl/worksheets/sheet")}
    overrides = "".join(
        f'<Override PartName="/{part}" ContentType="{TYPES}.{kinds[part]}+xml"/>'
        for part in parts
        if part in kinds
    )
    parts["[Content_Types].xml"] = (
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f"{overrides}</Types>"
    )
    parts["_rels/.rels"] = relations([("rId1", "officeDocument", "xl/workbook.xml")])
    with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in parts.items():
            archive.writestr(zipfile.ZipInfo(part), text, zipfile.ZIP_DEFLATED)


def relations(entries: list[tuple[str, str, str]]) -> str:
    """A part of relations: id, kind, target."""
    lines = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for name, kind, target in entries
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{lines}</Relationships>'


def row(number: int, cells: list[str], more: str = "") -> str:
    """A row of cells written as `kind style value`; "" leaves one out."""
    made = "".join(
        cell.replace("@", f"{chr(65 + index)}{number}", 1)
        for index, cell in enumerate(cells)
        if cell
    )
    return f'<row r="{number}" spans="1:{len(cells)}"{more}>{made}</row>'


def shared(*texts: str) -> str:
    """The part of shared strings; what begins with "<" is given as XML."""
    items = "".join(f"<si>{text if text[0] == '<' else f'<t>{text}</t>'}</si>" for text in texts)
    return f'{HEAD}<sst xmlns="{MAIN}" count="{len(texts)}" uniqueCount="{len(texts)}">{items}</sst>'


def s(index: int, style: int = 0) -> str:
    """A cell with a shared string."""
    return f'<c r="@" s="{style}" t="s"><v>{index}</v></c>'


def n(value: float, style: int = 0) -> str:
    """A cell with a number."""
    return f'<c r="@" s="{style}"><v>{value!r}</v></c>'


def excel() -> None:
    """A title over the headings, day and time apart, merged days, a table, rich text."""
    texts = [
        *("2026年5月排期表", "日期", "时间", "编号", "标题（必填）", "账号", "账号2", "短文", "备注"),
        "0506-hand-hygiene",
        '<r><t xml:space="preserve">手卫生，</t></r><r><rPr><b/><sz val="11"/></rPr>'
        '<t>从七步洗手法开始</t></r><rPh sb="0" eb="1"><t>ショウ</t></rPh><phoneticPr fontId="1"/>',
        *("u01-weibo 健康澜汀（微博）", "u01-wechat", "第一周"),
        "<t>洗手二十秒。&#10;掌心、手背_x000D_&#10;</t>",
        *("下午3点半", "给张主任看过"),
    ]
    form = styles(
        [(0, ""), (176, 'yyyy"年"m"月"d"日";@'), (20, ""), (177, '[$-F400]h:mm:ss\\ AM/PM'), (31, "")]
    )
    body = (
        row(1, [s(0)], ' ht="24" customHeight="1" x14ac:dyDescent="0.15"')
        + row(2, [s(index) for index in range(1, 9)])
        + row(3, [s(13)])
        + row(4, [n(46148.0, 1), n(0.4166666666666667, 2), s(9), s(10), s(11), s(12), s(14), s(16)])
        + row(5, ["", s(15), '<c r="@"><v>507</v></c>',
                  '<c r="@" t="str"><f>D4&amp;"（二）"</f><v>手卫生（二）</v></c>', s(11), "",
                  '<c r="@" t="inlineStr"><is><t>内联文字</t></is></c>'])
        + row(6, [n(46150.0, 4), n(0.75, 3), '<c r="@" t="inlineStr"><is><r><t>05</t></r><r>'
                  "<t>08</t></r></is></c>", s(10), s(11), "", s(14)])
        + '<row r="1048576" spans="1:1" hidden="1"/>'
    )
    sheet = (
        f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}" xmlns:mc="http://schemas.'
        'openxmlformats.org/markup-compatibility/2006" mc:Ignorable="x14ac" xmlns:x14ac="http://'
        'schemas.microsoft.com/office/spreadsheetml/2009/9/ac"><dimension ref="A1:XFD1048576"/>'
        '<sheetViews><sheetView tabSelected="1" workbookViewId="0"/></sheetViews>'
        f'<cols><col min="9" max="16384" hidden="1"/></cols><sheetData>{body}</sheetData>'
        '<mergeCells count="3"><mergeCell ref="A1:H1"/><mergeCell ref="A3:H3"/>'
        '<mergeCell ref="A4:A5"/></mergeCells><pageMargins left="0.7" right="0.7" top="0.75" '
        'bottom="0.75" header="0.3" footer="0.3"/></worksheet>'
    )
    package(
        "excel.xlsx",
        {
            "docProps/app.xml": f"{HEAD}<Properties xmlns=\"{OFFICE.replace('relationships', 'extended-properties')}\">"
            "<Application>Microsoft Excel</Application></Properties>",
            "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr '
            'defaultThemeVersion="166925"/><sheets><sheet name="五月" sheetId="1" r:id="rId1"/>'
            "</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relations(
                [
                    ("rId1", "worksheet", "worksheets/sheet1.xml"),
                    ("rId2", "styles", "styles.xml"),
                    ("rId3", "sharedStrings", "sharedStrings.xml"),
                ]
            ),
            "xl/worksheets/sheet1.xml": sheet,
            "xl/styles.xml": form,
            "xl/sharedStrings.xml": shared(*texts),
        },
    )


def wps() -> None:
    """Dates in the Chinese built-in formats, the 1904 calendar, two sheets, a filter."""
    texts = [
        *("编号", "发布时间", "标题", "账号", "短文", "群发"),
        *("0506-hand", "手卫生", "u01-weibo", "洗手二十秒。", "是", "0507-fever", "2026/5/7 18：00"),
        *("0508-red", "0601-child", "时区", "Asia/Urumqi", "默认账号", "2026年6月1日 9时"),
    ]
    form = styles([(0, ""), (57, ""), (58, ""), (176, "yyyy/m/d h:mm;@"), (22, "")])
    space = 'xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData"'
    heads = [s(index) for index in range(6)]
    may = (
        row(1, heads)
        + row(2, [s(6), n(44686.4166666667, 2), s(7), s(8), s(9), '<c r="@" t="b"><v>0</v></c>'])
        + row(3, [s(11), s(12), s(7), s(8), s(9)], ' hidden="1"')
        + row(4, [s(13), n(44688.375), s(7), "", s(9)])
    )
    june = row(1, heads[:5]) + row(2, [s(14), s(18), s(7), "", s(9)])
    rules = row(1, [s(15), s(16)]) + row(2, [s(17), s(8)])
    sheets = {
        "sheet1": ('<sheetPr filterMode="1"/>', may, '<autoFilter ref="A1:F4" etc:filterBottom'
                   'FollowUsedRange="0"><filterColumn colId="0"><filters><filter val="0506-hand"/>'
                   "</filters></filterColumn></autoFilter>"),
        "sheet2": ("<sheetPr/>", june, ""),
        "sheet3": ("<sheetPr/>", rules, ""),
    }
    parts = {
        f"xl/worksheets/{name}.xml": f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}" {space}>'
        f"{before}<sheetData>{body}</sheetData>{after}</worksheet>"
        for name, (before, body, after) in sheets.items()
    }
    package(
        "wps.xlsx",
        {
            "docProps/app.xml": f"{HEAD}<Properties xmlns=\"{OFFICE.replace('relationships', 'extended-properties')}\">"
            "<Application>WPS 表格</Application></Properties>",
            "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr '
            'date1904="1"/><sheets><sheet name="五月" sheetId="1" r:id="rId1"/><sheet name="六月" '
            'sheetId="2" r:id="rId2"/><sheet name="设置" sheetId="3" r:id="rId3"/></sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": relations(
                [
                    *((f"rId{i}", "worksheet", f"worksheets/sheet{i}.xml") for i in (1, 2, 3)),
                    ("rId4", "styles", "styles.xml"),
                    ("rId5", "sharedStrings", "sharedStrings.xml"),
                ]
            ),
            **parts,
            "xl/styles.xml": form,
            "xl/sharedStrings.xml": shared(*texts),
        },
    )


if __name__ == "__main__":
    excel()
    wps()
