"""Word files as articles: what is taken over, what is not, and what is told of it."""

from __future__ import annotations

import hashlib
import io
import random
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.plain import plain_text
from bot.schedule.digests import stamp
from bot.schedule.word import blocks, faults
from bot.schedule.word.document import Word, read_word
from tests.bot.schedule.packing import (
    OPEN,
    STRICT,
    drawing,
    package,
    paragraph,
    png,
    spaces,
    words,
    write,
    zipped,
)

MEDIA = {"rId5": ("image", "media/image1.png")}
PICTURE = {"word/media/image1.png": png()}


def read(folder: Path, raw: bytes) -> Word:
    path = write(folder, "posts/a.docx", raw)
    return read_word(path, "posts/a.docx", stamp(path.stat()))


def body(word: Word, title: str = "") -> str:
    assert word.refused == ""
    return "\n".join(line.text for line in blocks.body(blocks.without_title(word.blocks, title)))


def found(word: Word) -> list[tuple[str, int]]:
    return [(each.code, each.paragraph) for each in word.found]


def styles(*each: str) -> dict[str, str | bytes]:
    return {"word/styles.xml": f"<w:styles {spaces()}>{''.join(each)}</w:styles>"}


STYLES = {"rId1": ("styles", "styles.xml")}
NUMBERING = {"rId2": ("numbering", "numbering.xml")}


def style(name: str, called: str, inside: str = "", kind: str = "paragraph") -> str:
    return (
        f'<w:style w:type="{kind}" w:styleId="{name}"><w:name w:val="{called}"/>{inside}</w:style>'
    )


def numbering(*levels: tuple[str, str], more: str = "") -> dict[str, str | bytes]:
    """A list "1" with these forms and texts for its levels."""
    made = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for level, (form, text) in enumerate(levels)
    )
    return {
        "word/numbering.xml": (
            f'<w:numbering {spaces()}><w:abstractNum w:abstractNumId="0">{made}</w:abstractNum>'
            f'<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>{more}</w:numbering>'
        )
    }


def item(text: str, level: int = 0, name: str = "1") -> str:
    properties = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{name}"/></w:numPr>'
    return paragraph(text, properties=properties)


def test_headings_are_known_by_name_or_outline_and_begin_below_the_title(tmp_path: Path) -> None:
    made = styles(
        style("2", "heading 1"),
        style("a", "我的标题", '<w:basedOn w:val="2"/>'),
        style("b", "大纲", '<w:pPr><w:outlineLvl w:val="2"/></w:pPr>'),
        style("t", "Title"),
    )
    text = "".join(
        paragraph(name, properties=f'<w:pStyle w:val="{name}"/>') for name in ("t", "2", "a", "b")
    )
    word = read(tmp_path, package(text + paragraph("正文"), parts=made, links=STYLES))
    assert body(word) == "# t\n\n## 2\n\n## a\n\n#### b\n\n正文"


@pytest.mark.parametrize(
    ("before", "text", "expected"),
    [
        ("请", "洗手", "请**洗手**吧"),
        ("请，", "“洗手”", "请，**“洗手**”吧"),
        ("请", "“洗手”", "请“**洗手**”吧"),
        ("请", "注意：", "请**注意**：吧"),
        ("请", " 洗手 ", "请 **洗手** 吧"),
        ("请", "：", "请：吧"),
    ],
)
def test_bold_words_stay_bold_between_chinese_letters(
    tmp_path: Path, before: str, text: str, expected: str
) -> None:
    """A mark between a letter and a full-width sign would be shown as asterisks."""
    made = body(read(tmp_path, package(paragraph(before, words(text, "<w:b/>"), "吧"))))
    assert made == expected
    assert plain_text(made) == f"{before}{text}吧"


def test_looks_come_from_the_words_their_style_or_the_paragraphs(tmp_path: Path) -> None:
    made = styles(
        style("s", "Strong", "<w:rPr><w:b/></w:rPr>", "character"),
        style("p", "重点", "<w:rPr><w:i/></w:rPr>"),
    )
    text = paragraph(
        words("一", '<w:rStyle w:val="s"/>'), "，", words("二", "<w:strike/>"), "，", "三"
    ) + paragraph("四", words("，五", '<w:i w:val="0"/>'), properties='<w:pStyle w:val="p"/>')
    word = read(tmp_path, package(text, parts=made, links=STYLES))
    assert body(word) == "**一**，~~二~~，三\n\n*四*，五"


def test_indents_and_empty_paragraphs_go_and_soft_line_ends_stay(tmp_path: Path) -> None:
    text = (
        paragraph("　　洗手 ")
        + paragraph()
        + paragraph("<w:r><w:tab/><w:t>时间：周三</w:t><w:br/><w:t>　　地点：大厅</w:t></w:r>")
        + paragraph('<w:r><w:br w:type="page"/></w:r>')
        + paragraph("完")
    )
    word = read(tmp_path, package(text))
    assert body(word) == "洗手\n\n时间：周三\\\n地点：大厅\n\n完"
    assert [line.paragraph for line in blocks.body(word.blocks)] == [1, 1, 2, 2, 2, 3]


def test_signs_of_markdown_are_words(tmp_path: Path) -> None:
    lines = ["# 号", "1. 一", "- 减", "> 大于", "a*b*c", "[x](y)", "&amp;lt;b&gt;", "===", "`x`"]
    word = read(tmp_path, package("".join(map(paragraph, lines))))
    shown = [line.replace("&amp;", "&").replace("&gt;", ">") for line in lines]
    assert plain_text(body(word)).split("\n") == shown


def test_raised_and_lowered_digits_keep_their_meaning(tmp_path: Path) -> None:
    text = paragraph(
        "10", words("9", '<w:vertAlign w:val="superscript"/>'), "/L，CO",
        words("2", '<w:vertAlign w:val="subscript"/>'),
    )  # fmt: skip
    assert body(read(tmp_path, package(text))) == "10⁹/L，CO₂"


def test_lists_nest_and_go_on_counting_after_an_interruption(tmp_path: Path) -> None:
    more = (
        '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/>'
        '<w:lvlText w:val="•"/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl>'
        '</w:abstractNum><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
    )
    parts = numbering(("decimal", "%1."), ("decimal", "%2."), more=more)
    text = (
        item("湿") + item("搓") + item("掌心", 1) + item("冲")
        + paragraph("插一句") + item("擦") + item("甲", 0, "2") + item("乙", 1, "2")
    )  # fmt: skip
    made = body(read(tmp_path, package(text, parts=parts, links=NUMBERING)))
    assert made == ("1. 湿\n2. 搓\n   1. 掌心\n3. 冲\n\n插一句\n\n4. 擦\n- 甲\n  - 乙")


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("chineseCountingThousand", "%1、", ["一、", "二、", "十、", "十一、", "二十、"]),
        ("chineseCounting", "（%1）", ["（一）", "（二）", "（十）", "（十一）", "（二十）"]),
        ("chineseCounting", "第%1条", ["第一条 ", "第二条 ", "第十条 ", "第十一条 ", "第二十条 "]),
        ("decimal", "%1、", ["1、", "2、", "10、", "11、", "20、"]),
        ("decimal", "%1)", ["1\\) ", "2\\) ", "10\\) ", "11\\) ", "20\\) "]),
        ("decimalEnclosedCircle", "%1", ["①", "②", "⑩", "⑪", "⑳"]),
        ("chineseLegalSimplified", "%1、", ["壹、", "贰、", "壹拾、", "壹拾壹、", "贰拾、"]),
        ("upperRoman", "%1、", ["I、", "II、", "X、", "XI、", "XX、"]),
        ("lowerLetter", "%1、", ["a、", "b、", "j、", "k、", "t、"]),
        ("ideographTraditional", "%1、", ["甲、", "乙、", "癸、", "11、", "20、"]),
        ("ideographZodiac", "%1、", ["子、", "丑、", "酉、", "戌、", "20、"]),
        ("decimalFullWidth", "%1．", ["１．", "２．", "１０．", "１１．", "２０．"]),
        ("decimalZero", "%1、", ["01、", "02、", "10、", "11、", "20、"]),
    ],
)
def test_numbers_markdown_has_not_are_written_out(
    tmp_path: Path, form: str, text: str, expected: list[str]
) -> None:
    parts = numbering((form, text))
    made = body(
        read(
            tmp_path, package("".join(item("条") for _ in range(20)), parts=parts, links=NUMBERING)
        )
    )
    lines = made.split("\n\n")
    assert [lines[index - 1] for index in (1, 2, 10, 11, 20)] == [f"{sign}条" for sign in expected]


def test_numbers_of_several_levels_and_a_list_begun_anew(tmp_path: Path) -> None:
    more = (
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
        '<w:startOverride w:val="1"/></w:lvlOverride></w:num>'
    )
    parts = numbering(("chineseCounting", "第%1章"), ("decimal", "%1.%2"), more=more)
    text = item("总则") + item("目的", 1) + item("依据", 1) + item("附则") + item("施行", 1)
    made = body(read(tmp_path, package(text + item("另起", 0, "3"), parts=parts, links=NUMBERING)))
    assert made.split("\n\n") == [
        "第一章 总则", "一.1 目的", "一.2 依据", "第二章 附则", "二.1 施行", "第一章 另起",
    ]  # fmt: skip


def test_the_title_above_the_text_is_left_out(tmp_path: Path) -> None:
    text = paragraph("手卫生，") + paragraph("从七步 洗手法开始") + paragraph("正文")
    word = read(tmp_path, package(text))
    assert body(word, "手卫生，从七步洗手法开始") == "正文"
    assert body(word, "别的题目").startswith("手卫生，")


def test_pictures_stand_by_themselves_with_the_words_below_them(tmp_path: Path) -> None:
    text = (
        paragraph("看图", drawing("rId5", alternative="七步洗手的示意图"), "学洗手")
        + paragraph("图1 七步&quot;洗手&quot;法")
        + paragraph(drawing("rId5", alternative="C:\\照片\\IMG_2026.jpg"))
        + paragraph("图 2：再看一遍")
        + paragraph("这个标志", drawing("rId5", high=200_000), "要记住")
    )
    word = read(tmp_path, package(text, parts=PICTURE, links=MEDIA))
    assert body(word).split("\n\n") == [
        "看图",
        "![七步洗手的示意图](posts/a.docx#1)",
        "学洗手",
        '图1 七步"洗手"法',
        '![](posts/a.docx#1 "图 2：再看一遍")',
        "这个标志![](posts/a.docx#1)要记住",
    ]
    [picture] = word.pictures
    assert (picture.path, picture.paragraph) == ("posts/a.docx#1", 1)
    assert picture.look.media is not None
    assert picture.look.media.sha256 == hashlib.sha256(png()).hexdigest()
    assert (picture.look.media.mime, picture.look.media.width) == ("image/png", 60)


def test_links_of_all_kinds(tmp_path: Path) -> None:
    text = (
        paragraph('<w:hyperlink r:id="rId9"><w:r><w:t>官网</w:t></w:r></w:hyperlink>')
        + paragraph('<w:hyperlink w:anchor="x"><w:r><w:t>下文</w:t></w:r></w:hyperlink>')
        + paragraph(
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK '
            '"https://a.example/(1)"</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/>'
            '</w:r><w:r><w:t>全文</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
        )
        + paragraph(
            "<w:fldSimple w:instr=' HYPERLINK \"file:///C:/a.doc\" '><w:r><w:t>附件</w:t></w:r>"
            "</w:fldSimple>"
        )
    )
    links = {"rId9": ("hyperlink", "https://b.example/a?b=1&amp;c=2")}
    assert body(read(tmp_path, package(text, links=links))).split("\n\n") == [
        "[官网](https://b.example/a?b=1&c=2)",
        "下文",
        "[全文](https://a.example/%281%29)",
        "附件",
    ]


def test_a_table_of_contents_is_left_out(tmp_path: Path) -> None:
    field = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    text = (
        paragraph(
            field.format("begin"), "<w:r><w:instrText>TOC \\o</w:instrText></w:r>",
            field.format("separate"), "一、概况 1",
        )
        + paragraph("二、措施 2")
        + paragraph(field.format("end"))
        + '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/>'
        "</w:docPartObj></w:sdtPr><w:sdtContent>" + paragraph("目录") + "</w:sdtContent></w:sdt>"
        + paragraph("正文")
    )  # fmt: skip
    assert body(read(tmp_path, package(text))) == "正文"


def test_notes_stand_below_the_text_in_its_order(tmp_path: Path) -> None:
    notes = (
        f"<w:footnotes {spaces()}>"
        '<w:footnote w:id="0"><w:p/></w:footnote><w:footnote w:id="2">'
        + paragraph("<w:r><w:footnoteRef/></w:r>", " 世卫组织，2026")
        + "</w:footnote></w:footnotes>"
    )
    end = f'<w:endnote w:id="1">{paragraph("统计口径")}</w:endnote>'
    ends = f"<w:endnotes {spaces()}>{end}</w:endnotes>"
    text = paragraph(
        "发病率", '<w:r><w:endnoteReference w:id="1"/></w:r>', "下降",
        '<w:r><w:footnoteReference w:id="2"/></w:r>', "。",
    )  # fmt: skip
    word = read(
        tmp_path,
        package(
            text,
            parts={"word/footnotes.xml": notes, "word/endnotes.xml": ends},
            links={"rId7": ("footnotes", "footnotes.xml"), "rId8": ("endnotes", "endnotes.xml")},
        ),
    )
    assert body(word) == "发病率〔注1〕下降〔注2〕。\n\n〔注1〕统计口径\n\n〔注2〕世卫组织，2026"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"


WIDE, FIRST, BELOW = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>', "<w:vMerge/>"


def test_a_table_and_what_is_told_of_merged_cells(tmp_path: Path) -> None:
    plain = table(cell("项目") + cell("甲|乙"), cell("一") + cell("2"))
    merged = table(cell("合计", WIDE), cell("上", FIRST) + cell("右"), cell("", BELOW) + cell("下"))
    frame = table(cell("框里的话"))
    word = read(tmp_path, package(plain + paragraph("中") + merged + frame))
    assert body(word).split("\n\n") == [
        "| 项目 | 甲\\|乙 |\n| --- | --- |\n| 一 | 2 |",
        "中",
        "| 合计 |  |\n| --- | --- |\n| 上 | 右 |\n|  | 下 |",
        "框里的话",
    ]
    assert found(word) == [("docx-table", 6)]
    rows = [line.paragraph for line in blocks.body(word.blocks) if line.text.startswith("|")]
    assert rows == [1, 1, 3, 6, 6, 7, 9]


def test_deleted_words_never_appear_inserted_ones_do_and_it_is_told(tmp_path: Path) -> None:
    mark = '<w:rPr><w:del w:id="3"/></w:rPr>'
    text = (
        paragraph("无事")
        + paragraph(
            "接种", '<w:del w:id="1"><w:r><w:delText>无效</w:delText></w:r></w:del>',
            '<w:ins w:id="2"><w:r><w:t>有益</w:t></w:r></w:ins>',
            "<w:moveFrom><w:r><w:t>旧处</w:t></w:r></w:moveFrom>", properties=mark,
        )
        + paragraph("健康")
        + "<w:tbl><w:tr><w:trPr><w:del/></w:trPr>" + cell("删去的行") + cell("x") + "</w:tr><w:tr>"
        + cell("留") + cell("下") + "</w:tr></w:tbl>"
    )  # fmt: skip
    word = read(tmp_path, package(text))
    assert body(word) == "无事\n\n接种有益健康\n\n| 留 | 下 |\n| --- | --- |"
    assert found(word) == [("docx-tracked-changes", 2)]


def test_hidden_words_comments_and_placeholders_are_no_text(tmp_path: Path) -> None:
    text = paragraph(
        "甲", words("内部掌握", "<w:vanish/>"), '<w:commentRangeStart w:id="1"/>', "乙",
        '<w:r><w:commentReference w:id="1"/></w:r>',
        "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>单击此处</w:t></w:r>"
        "</w:sdtContent></w:sdt>",
    )  # fmt: skip
    word = read(tmp_path, package(text))
    assert (body(word), found(word)) == ("甲乙", [("docx-comments", 1)])


BOX = (
    '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor><a:graphic>'
    "<a:graphicData><wps:wsp><wps:txbx><w:txbxContent>{}</w:txbxContent></wps:txbx></wps:wsp>"
    "</a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice><mc:Fallback><w:pict>"
    "<v:shape><v:textbox><w:txbxContent>{}</w:txbxContent></v:textbox></v:shape></w:pict>"
    "</mc:Fallback></mc:AlternateContent></w:r>"
)


@pytest.mark.parametrize(
    ("piece", "kind"),
    [
        (BOX.format(*[paragraph("澜汀区卫生健康委员会文件")] * 2), "text box"),
        ('<w:r><w:pict><v:shape><v:textpath string="红头"/></v:shape></w:pict></w:r>', "word art"),
        ('<w:r><w:object><o:OLEObject ProgID="Equation.3"/></w:object></w:r>', "object"),
        ("<m:oMath><m:r><m:t>a+b</m:t></m:r></m:oMath>", "equation"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F041"/></w:r>', "sign"),
    ],
)
def test_what_cannot_be_taken_over_is_told_once(tmp_path: Path, piece: str, kind: str) -> None:
    word = read(tmp_path, package(paragraph("甲") + paragraph("乙", piece)))
    assert body(word) == "甲\n\n乙"
    assert [(each.code, each.paragraph, each.kind) for each in word.found] == [
        ("docx-not-taken", 2, kind)
    ]
    assert "2" in faults.found(word.found[0], "posts/a.docx").message


def test_a_picture_only_cropped_for_the_eye_is_an_error(tmp_path: Path) -> None:
    cut = drawing("rId5", inside='<a:srcRect l="25000"/>')
    slight = drawing("rId5", inside='<a:srcRect l="300" t="-40"/>')
    word = read(tmp_path, package(paragraph(slight) + paragraph(cut), parts=PICTURE, links=MEDIA))
    assert found(word) == [("docx-picture-cropped", 2)]
    assert faults.found(word.found[0], "a").severity.value == "error"


@pytest.mark.parametrize("target", ["file:///D://a.png", "https://a.example/a.png"])
def test_a_linked_picture_is_an_error_and_never_fetched(tmp_path: Path, target: str) -> None:
    text = paragraph("甲", drawing("rId5").replace("r:embed", "r:link"))
    word = read(tmp_path, package(text, links={"rId5": ("image", target)}))
    assert (body(word), word.pictures, found(word)) == ("甲", (), [("docx-linked-picture", 1)])


def test_a_file_in_the_strict_format_reads_the_same(tmp_path: Path) -> None:
    text = paragraph("甲", words("乙", "<w:b/>")) + paragraph(drawing("rId5"))
    usual, strict = (
        read(tmp_path / name, package(text, parts=PICTURE, links=MEDIA, base=base))
        for name, base in (("a", OPEN), ("b", STRICT))
    )
    assert body(usual) == body(strict) == "甲**乙**\n\n![](posts/a.docx#1)"


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 3))
def test_a_damaged_file_raises_nothing(chance: random.Random, spoilt: int) -> None:
    """Bytes of the file itself, or of the XML in it, are changed."""
    text = (
        paragraph("甲", drawing("rId5")) + item("乙") + f"<w:tbl><w:tr>{cell('丙')}</w:tr></w:tbl>"
    )
    parts = PICTURE | numbering(("decimal", "%1.")) | styles(style("1", "heading 1"))
    whole = package(text, parts=parts, links=MEDIA | NUMBERING | STYLES)
    if spoilt:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            every = {name: bytearray(archive.read(name)) for name in archive.namelist()}
        for content in every.values():
            for _each in range(spoilt):
                content[chance.randrange(len(content))] = chance.choice(b'<>"0a /:')
        raw = zipped(**{name: bytes(content) for name, content in every.items()})
    else:
        changed = bytearray(whole)
        for _each in range(5):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        raw = bytes(changed)
    with tempfile.TemporaryDirectory() as folder:
        word = read(Path(folder), raw)
        assert word.refused or isinstance(body(word), str)


TEXTS = st.text(st.sampled_from('甲乙 a1*_#[]()<>&;~`\\|-+.!"：“”，=\t/h'), max_size=14)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.sampled_from(["", "<w:b/>", "<w:i/>"])), max_size=5))
def test_whatever_is_written_is_what_readers_see(runs: list[tuple[str, str]]) -> None:
    def safe(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    text = paragraph(*(words(safe(text), looks) for text, looks in runs))
    with tempfile.TemporaryDirectory() as folder:
        made = body(read(Path(folder), package(text)))
    assert plain_text(made) == "".join(text for text, _looks in runs).strip(" \t")
