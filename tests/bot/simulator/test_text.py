"""Cleaning, comparing and measuring texts."""

import pytest

from bot.simulator.text import clean_html, host_of, likeness, plain


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<p>甲<br>乙</p>", "<p>甲<br>乙</p>"),
        ("<script><p>x</p></script>后", "后"),
        ("<form><input name='a'><p>内</p></form>后", "后"),
        ("<link rel=x><p style='a:b'>字</p>", '<p style="a:b">字</p>'),
        ("<p ONCLICK='x()' CLASS=a data-k='1'>字</p>", '<p data-k="1">字</p>'),
        ('<img src="http://mmbiz.qpic.cn/a/0">', '<img src="http://mmbiz.qpic.cn/a/0">'),
        ('<img src="https://mmbiz.qpic.cn.evil.cn/a">', ""),
        ('<img src="http://[broken">', ""),
        ("<img>", ""),
        ('<p title="a&quot;b">&lt;字&#33;</p>', '<p title="a&quot;b">&lt;字&#33;</p>'),
    ],
)
def test_what_wechat_keeps(given: str, kept: str) -> None:
    assert clean_html(given) == kept


def test_plain_text_has_neither_tags_nor_white_space() -> None:
    assert plain("<p>甲 乙</p>\n<b>&amp;丙</b>") == "甲乙&丙"


def test_likeness_falls_with_every_change() -> None:
    text = "三月二十四日是世界防治结核病日，咳嗽咳痰两周以上要警惕。"
    assert likeness(text, text) == 1.0
    assert likeness(text, text + "请就诊") > 0.9
    assert likeness(text, text[: len(text) // 2]) < 0.8
    assert likeness(text, "流感高发季节请接种疫苗") < 0.1
    assert likeness("", "") == 1.0
    assert likeness("甲", "乙") == 0.0


def test_hosts() -> None:
    assert host_of("HTTPS://A.cn:8/x") == "a.cn"
    assert host_of("http://[x") == ""
    assert host_of("nothing") == ""
