"""Makes the Word files of this folder again: `python -m tests.data.docx.make` from the root.

Needs LibreOffice (`soffice`) beside the test libraries. Three programs' ways of writing:
`word.docx` by python-docx from Word's own template, `wps.docx` by hand as WPS writes, `libre.docx`
by LibreOffice from `libre.html`, `resaved.docx` by LibreOffice from `word.docx`. The `.txt` beside
each is what LibreOffice reads in it: a second reader's word on what the file says.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from docx import Document
from docx.shared import Cm

from tests.bot.schedule.packing import OPEN, drawing, package, paragraph, png, spaces, words

HERE = Path(__file__).parent
BROKEN = HERE.parent / "broken"
MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
_TEXTS = ("word.docx", "wps.docx", "libre.docx", "resaved.docx")


def word() -> None:
    """A text with all an office uses, from Word's own template."""
    made = Document()
    made.add_heading("手卫生，从七步洗手法开始", 0)
    first = made.add_paragraph("　　流感季来了，")
    first.add_run("“勤洗手”").bold = True
    first.add_run("是最简单的办法，")
    first.add_run("请注意：").bold = True
    first.add_run("白细胞多于10")
    first.add_run("9").font.superscript = True
    first.add_run("/L时就医。")
    made.add_heading("为什么洗手", 1)
    for text in ("病毒", "细菌*"):
        made.add_paragraph(text, style="List Bullet")
    for text in ("湿", "搓", "冲"):
        made.add_paragraph(text, style="List Number")
    made.add_picture(io.BytesIO(png()), width=Cm(5))
    made.add_paragraph("图1 七步洗手", style="Caption")
    table = made.add_table(2, 2)
    for row, texts in zip(table.rows, (("时间", "地点"), ("周三", "大厅")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    made.add_paragraph("预防胜于治疗。", style="Quote")
    made.add_paragraph("# 不是标题\n1. 不是列表")
    made.core_properties.author = ""
    made.save(str(HERE / "word.docx"))


def wps() -> None:
    """As WPS Office writes: numbered style ids, own namespaces, a text box in two forms."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{name}"{default}><w:name w:val="{called}"/>'
        f'<w:uiPriority w:val="0"/><w:pPr>{inside}</w:pPr></w:style>'
        for name, called, default, inside in (
            ("1", "Normal", ' w:default="1"', '<w:widowControl w:val="0"/>'),
            ("2", "heading 1", "", '<w:keepNext/><w:outlineLvl w:val="0"/>'),
        )
    )
    level = (
        '<w:lvl w:ilvl="0" w:tentative="0"><w:start w:val="1"/>'
        '<w:numFmt w:val="chineseCounting"/><w:suff w:val="nothing"/>'
        '<w:lvlText w:val="%1、"/><w:lvlJc w:val="left"/></w:lvl>'
    )
    box = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor>'
        "<a:graphic><a:graphicData><wps:wsp><wps:txbx><w:txbxContent>{0}</w:txbxContent>"
        "</wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice>"
        "<mc:Fallback><w:pict><v:shape><v:textbox><w:txbxContent>{0}</w:txbxContent></v:textbox>"
        "</v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    numbered = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    picture = (
        '<w:r><w:drawing><wp:inline distT="0"><wp:extent cx="2160000" cy="1440000"/>'
        '<wp:docPr id="2" name="图片 2" descr="微信图片_20260506"/><a:graphic><a:graphicData '
        f'uri="{OPEN}/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="2" '
        'name="图片 2"/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId4"/><a:stretch/>'
        "</pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )
    body = (
        paragraph(
            box.format(paragraph("澜汀区卫生健康委员会文件")), properties='<w:jc w:val="center"/>'
        )
        + paragraph("关于开展洗手宣传的通知", properties='<w:jc w:val="center"/>')
        + paragraph("各单位：")
        + paragraph("现将有关事项通知如下。", properties='<w:ind w:firstLineChars="200"/>')
        + paragraph("时间", properties=f'<w:pStyle w:val="2"/>{numbered}')
        + paragraph(words("5月6日", '<w:rFonts w:hint="eastAsia"/><w:b/><w:bCs/>'), "上午。")
        + paragraph("地点", properties=f'<w:pStyle w:val="2"/>{numbered}')
        + paragraph("（一）一楼大厅；")
        + paragraph(picture, properties='<w:jc w:val="center"/>')
        + paragraph("图1　大厅示意", properties='<w:jc w:val="center"/>')
        + paragraph("<w:r><w:tab/></w:r>", "附件：报名表")
        + '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>'
    )
    raw = package(
        body,
        parts={
            "word/styles.xml": f"<w:styles {spaces()}>{styles}</w:styles>",
            "word/numbering.xml": (
                f'<w:numbering {spaces()}><w:abstractNum w:abstractNumId="0">'
                f'<w:multiLevelType w:val="singleLevel"/>{level}</w:abstractNum>'
                '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
            ),
            "word/media/image1.png": png(),
        },
        links={
            "rId1": ("styles", "styles.xml"),
            "rId2": ("numbering", "numbering.xml"),
            "rId4": ("image", "media/image1.png"),
        },
    )
    (HERE / "wps.docx").write_bytes(raw)


def convert(source: Path, kind: str, name: str) -> None:
    """LibreOffice's own writing of the file."""
    with tempfile.TemporaryDirectory() as folder:
        home = f"-env:UserInstallation=file://{folder}/home"
        command = ["soffice", home, "--headless", "--convert-to", kind, "--outdir", folder]
        subprocess.run([*command, str(source)], check=True, capture_output=True)
        ending = kind.partition(":")[0]
        shutil.move(f"{folder}/{source.stem}.{ending}", HERE / name)


def broken() -> None:
    """The folders of tests/data/broken with a Word text: each has one thing wrong."""
    picture = drawing("rId5")
    inside = {"word/media/image1.png": png()}
    link = {"rId5": ("image", "media/image1.png")}
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    wide = '<w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>合计</w:t></w:r></w:p></w:tc>'
    pair = "<w:tc><w:p><w:r><w:t>一</w:t></w:r></w:p></w:tc>" * 2
    made = {
        "docx-is-doc": old,
        "docx-macros": package(paragraph("洗手"), kind=MACROS),
        "docx-protected": old + "EncryptedPackage".encode("utf-16-le"),
        "docx-damaged": package(paragraph("洗手"))[:400],
        "docx-bomb": package("", parts={"word/document.xml": b" " * 16_000_001}),
        "docx-linked-picture": package(
            paragraph("洗手") + paragraph(picture), links={"rId5": ("image", "file:///D:/a.png")}
        ),
        "docx-picture-cropped": package(
            paragraph("洗手") + paragraph(drawing("rId5", inside='<a:srcRect r="40000"/>')),
            parts=inside,
            links=link,
        ),
        "docx-picture-kind": package(
            paragraph("洗手") + paragraph(picture),
            parts={"word/media/image1.emf": b"\x01\x00\x00\x00"},
            links={"rId5": ("image", "media/image1.emf")},
        ),
        "docx-picture-damaged": package(
            paragraph("洗手") + paragraph(picture),
            parts={"word/media/image1.png": png()[:60]},
            links=link,
        ),
        "docx-tracked-changes": package(
            paragraph("洗手", "<w:del><w:r><w:delText>无用</w:delText></w:r></w:del>")
        ),
        "docx-comments": package(paragraph("洗手", '<w:commentRangeStart w:id="1"/>')),
        "docx-equation": package(paragraph("甲") + paragraph("<m:oMath><m:t>x</m:t></m:oMath>")),
        "docx-table": package(f"<w:tbl><w:tr>{wide}</w:tr><w:tr>{pair}</w:tr></w:tbl>"),
    }
    good = BROKEN / "body-gbk"
    for name, raw in made.items():
        folder = BROKEN / name
        (folder / "posts").mkdir(parents=True, exist_ok=True)
        (folder / "posts" / "hand.docx").write_bytes(raw)
        shutil.copy(good / "roster.yaml", folder)
        calendar = (good / "2026-05.yaml").read_text("utf-8")
        (folder / "2026-05.yaml").write_text(calendar.replace("hand.md", "hand.docx"), "utf-8")


def elsewhere(file: Path) -> None:
    """Puts another machine's path where LibreOffice has noted this one's."""
    with zipfile.ZipFile(file) as old:
        parts = {item: old.read(item) for item in old.infolist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for item, raw in parts.items():
            new.writestr(item, raw.replace(HERE.as_uri().encode(), b"file:///D:/web"))


def main() -> None:
    """Makes every file anew."""
    word()
    wps()
    broken()
    (HERE / "libre.png").write_bytes(png())
    convert(HERE / "libre.html", "docx:MS Word 2007 XML", "libre.docx")
    elsewhere(HERE / "libre.docx")
    convert(HERE / "word.docx", "docx:MS Word 2007 XML", "resaved.docx")
    for name in _TEXTS:
        convert(HERE / name, "txt:Text (encoded):UTF8", name.replace(".docx", ".txt"))


if __name__ == "__main__":
    main()
