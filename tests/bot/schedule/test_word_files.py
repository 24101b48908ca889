"""Word files as Word, WPS Office and LibreOffice write them (tests/data/docx/make.py)."""

from __future__ import annotations

import html
import re
import unicodedata
from pathlib import Path

import pytest

from adapters.markdown import pictures, to_html
from bot.schedule.digests import stamp
from bot.schedule.word import blocks
from bot.schedule.word.document import Word, read_word

FILES = Path(__file__).parents[2] / "data" / "docx"


def read(name: str) -> tuple[Word, str]:
    path = FILES / name
    word = read_word(path, f"posts/{name}", stamp(path.stat()))
    return word, "\n".join(line.text for line in blocks.body(word.blocks))


def flat(text: str) -> str:
    """The words alone: no blanks, no numbers and dots of lists, raised digits as plain ones."""
    lines = [re.sub(r"^\s*(?:[•◦]|\d+\.)\s+", "", line) for line in text.split("\n")]
    return unicodedata.normalize("NFKC", re.sub(r"\s", "", "".join(lines)))


@pytest.mark.parametrize("name", ["word", "wps", "libre", "resaved"])
def test_readers_see_the_words_another_program_reads(name: str) -> None:
    _word, body = read(f"{name}.docx")
    shown = to_html(body, dict.fromkeys(pictures(body), "https://a.example/a.png"))
    text = html.unescape(re.sub(r"<[^>]*>", "", shown.replace("<br>", "\n")))
    assert flat(text) == flat((FILES / f"{name}.txt").read_text("utf-8-sig"))


WORD = """# 手卫生，从七步洗手法开始

流感季来了，**“勤洗手**”是最简单的办法，**请注意**：白细胞多于10⁹/L时就医。

## 为什么洗手

- 病毒
- 细菌\\*
1. 湿
2. 搓
3. 冲

![](posts/word.docx#1 "图1 七步洗手")

| 时间 | 地点 |
| --- | --- |
| 周三 | 大厅 |

> 预防胜于治疗。

\\# 不是标题\\
1\\. 不是列表"""


def test_words_own_template_and_libreoffice_saving_it_again_read_the_same() -> None:
    assert read("word.docx")[1] == WORD
    assert read("resaved.docx")[1].replace("resaved", "word") == WORD


def test_a_notice_as_wps_writes_it() -> None:
    word, body = read("wps.docx")
    assert body.split("\n\n") == [
        "关于开展洗手宣传的通知",
        "各单位：",
        "现将有关事项通知如下。",
        "## 一、时间",
        "**5月6日**上午。",
        "## 二、地点",
        "（一）一楼大厅；",
        '![](posts/wps.docx#1 "图1 大厅示意")',
        "附件：报名表",
    ]
    assert [(each.code, each.words) for each in word.found] == [
        ("docx-not-taken", "澜汀区卫生健康委员会文件")
    ]


def test_a_page_opened_and_saved_by_libreoffice() -> None:
    word, body = read("libre.docx")
    assert "[门诊表](https://jk.example.cn/a?b=1&c=2)" in body
    assert "- 身份证\n  - 原件\n- 医保卡\n1. 预约\n2. 报到\\\n   二楼" in body
    assert "CO₂ 以外还有 10³ 种" in body
    # LibreOffice only notes where a page's pictures lie.
    assert [each.code for each in word.found] == ["docx-linked-picture"]
