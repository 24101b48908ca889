"""What a post looks like on one account: overrides, and reprints that say where they come from."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.post import Article, Kind, Method, Override, Post, Variant
from bot.domain.variants import make_variant, marker
from tests.bot.domain.making import CLIP, PICTURE, account, key_item, post, unit

LINK = "https://mp.weixin.qq.com/s/first"


def variant(one: Post, *, kind: Kind = Kind.ORIGINAL, intro: str = "") -> Variant:
    """The post on the hospital's WeChat account."""
    return make_variant(
        one,
        account("u02-wechat"),
        unit("u02", intro=intro),
        kind=kind,
        method=Method.PUBLISH,
        source="健康澜汀",
        link=LINK,
    )


@given(st.text(min_size=1))
def test_a_sign_is_the_same_for_ever_and_easy_to_find(name: str) -> None:
    """Eight hexadecimal digits."""
    assert re.fullmatch(r"HT-[0-9A-F]{8}", marker(name))
    assert marker(name) == marker(name)


def test_different_posts_have_different_signs() -> None:
    """A year of posts, twice."""
    assert len({marker(f"2026-{number}") for number in range(2000)}) == 2000


def test_an_ordinary_post_is_as_it_was_written() -> None:
    """No label, no sign, its own link."""
    made = variant(post(link="https://jk.lanting.example/1"))
    assert (made.title, made.text, made.body) == ("题目", "短文。", "正文。")
    assert (made.label, made.marker, made.link) == ("", "", "https://jk.lanting.example/1")


def test_what_is_said_differently_on_a_platform_holds_there_only() -> None:
    """Title, text, digest, link, pictures and video."""
    says = Override(
        title="别的题目",
        text="别的短文",
        digest="别的摘要",
        link="https://x",
        images=(),
        video=CLIP,
    )
    here = variant(post(overrides={"wechat": says}, images=(PICTURE,)))
    assert (here.title, here.text, here.digest) == ("别的题目", "别的短文", "别的摘要")
    assert (here.link, here.images, here.video) == ("https://x", (), CLIP)
    there = variant(post(overrides={"weibo": says}, images=(PICTURE,)))
    assert (there.title, there.images, there.video) == ("题目", (PICTURE,), None)


def test_further_articles_and_choices_go_with_the_original_on_their_platform() -> None:
    """A reprint is of the first article alone."""
    more = (Article(title="第二篇", body="正文二。"),)
    one = post(more=more, overrides={"wechat": Override(options={"theme": "gov"})}, key=key_item())
    here = variant(one)
    assert (here.more, here.options) == (more, {"theme": "gov"})
    assert variant(one, kind=Kind.REPRINT).more == ()
    assert variant(replace(one, overrides={"weibo": Override(options={"a": "b"})})).options == {}


def test_the_flagships_key_item_carries_its_sign() -> None:
    """So that a copy made by hand carries it along."""
    made = variant(post(key=key_item()))
    assert made.marker == marker("p1")
    assert made.body.endswith(f"稿号：{marker('p1')}")
    assert made.label == ""


def test_a_reprint_says_where_it_comes_from_and_changes_no_word() -> None:
    """Label, source, sign and the first release's link; the unit's own line stands above."""
    made = variant(
        post(key=key_item(), link="https://else"), kind=Kind.REPRINT, intro="区一院转给您："
    )
    assert made.label == f"转载｜来源：健康澜汀｜稿号 {marker('p1')}"
    assert made.link == LINK
    assert made.title == "题目"
    assert made.body == "区一院转给您：\n\n正文。"
    assert made.text == "短文。"


def test_a_post_from_above_names_its_source() -> None:
    """An original of ours that carries another's text."""
    assert variant(post(source="新华社")).body.endswith("来源：新华社")


def test_without_a_body_nothing_is_added() -> None:
    """A short text stays a short text."""
    for kind in Kind:
        made = variant(post(body="", key=key_item(), source="新华社"), kind=kind, intro="转：")
        assert made.body == ""
