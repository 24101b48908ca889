"""Links become numbered notes, except those WeChat lets readers follow."""

from __future__ import annotations

import pytest

from adapters.wechat.render import LINKS_TITLE, Notices, lay_out, plain
from tests.adapters.pages import Page


def lines(body: str) -> list[str]:
    """The article's text, and behind it the notes."""
    return plain(lay_out(body, Notices(), {}, "plain")).splitlines()


def hrefs(body: str) -> list[str]:
    page = Page(lay_out(body, Notices(), {}, "plain"))
    return [element.attributes["href"] for element in page.all("a")]


def test_links_outside_become_numbered_notes() -> None:
    body = "见[甲](https://a.example/1)、[乙](https://b.example)、[又甲](https://a.example/1)。"
    assert hrefs(body) == []
    assert lines(body) == [
        "见甲[1]、乙[2]、又甲[1]。",
        LINKS_TITLE,
        "[1] https://a.example/1",
        "[2] https://b.example",
    ]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_links_to_other_articles_stay(scheme: str) -> None:
    address = f"{scheme}://mp.weixin.qq.com/s?__biz=a&mid=1"
    assert hrefs(f"[上期]({address})") == [address]
    assert lines(f"[上期]({address})") == ["上期"]


@pytest.mark.parametrize(
    "link",
    [
        "https://mp.weixin.qq.com.evil.example/s",
        "https://mp.weixin.qq.com@evil.example/s",
        "https://evil.example/mp.weixin.qq.com",
        "ftp://mp.weixin.qq.com/s",
    ],
)
def test_what_only_looks_like_an_article_does_not(link: str) -> None:
    assert hrefs(f"[上期]({link})") == []
    assert lines(f"[上期]({link})")[0] == "上期[1]"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<https://a.example/x>", "https://a.example/x"),
        ("[https://a.example/x](https://a.example/x)", "https://a.example/x"),
        ("[电话120](tel:120)", "电话120"),
        ("<wsj@lanting.example>", "wsj@lanting.example"),
        ("[上文](#top)", "上文"),
        ("[附件](../files/a.docx)", "附件"),
    ],
)
def test_no_note_where_there_is_nothing_to_look_up(body: str, shown: str) -> None:
    assert lines(body) == [shown]


def test_a_note_can_be_typed_and_read() -> None:
    assert lines("[甲](https://a.example/健康/指南)")[-1] == "[1] https://a.example/健康/指南"
    assert lines("[写信](mailto:wsj@lanting.example)")[-1] == "[1] wsj@lanting.example"
    assert lines("[急救](tel:120)")[-1] == "[1] 120"


def test_an_address_nobody_can_open_is_shown_all_the_same() -> None:
    assert lines("[坏](http://[)")[-1] == "[1] http://["


def test_part_of_an_address_is_not_the_address() -> None:
    assert lines("[https://a.example/xyz](https://a.example/x)")[-1] == "[1] https://a.example/x"


def test_a_linked_picture_keeps_its_note() -> None:
    body = "[![图](a.png)](https://a.example)"
    content = lay_out(body, Notices(), {"a.png": "https://mmbiz.qpic.cn/a"}, "plain")
    assert "<img" in content
    assert plain(content).splitlines() == ["[1]", LINKS_TITLE, "[1] https://a.example"]
