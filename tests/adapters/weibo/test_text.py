"""Length, ids, composing and recognising of Weibo texts."""

from __future__ import annotations

import locale
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.weibo.limits import TEXT_LIMIT
from adapters.weibo.text import (
    bid_of,
    compose,
    compose_repost,
    has_marker,
    has_safe_link,
    length,
    mid_of,
    mid_of_link,
    parse_time,
    same_text,
    topics,
)
from bot.domain.post import Kind, Method, Variant

SAFE = "https://jk.lanting.example/"
FIRST_RELEASE = "https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv"
ORIGINAL = Variant(
    post="p",
    kind=Kind.ORIGINAL,
    method=Method.PUBLISH,
    title="标题",
    text="正文",
    body="",
    digest="",
    author="",
    link="",
    label="",
    marker="",
    ai_generated=False,
)
REPRINT = replace(
    ORIGINAL,
    kind=Kind.REPRINT,
    link=FIRST_RELEASE,
    label="【转载】来源：健康澜汀，稿号 HT-20260512-nurses",
    marker="HT-20260512-nurses",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("【转基因", 4),
        ("我司CEO！", 5),
        ("8@&*%&b", 4),
        (" Test", 3),
        ("   Test   ", 5),
        ("", 0),
        ("一\n二", 3),
        ("http://t.cn/A6demo", 10),  # a short link counts as ten
        ("https://jk.lanting.example/" + "a" * 93, 60),  # a long one in full
    ],
)
def test_length_counts_half_width_as_half(text: str, expected: int) -> None:
    assert length(text) == expected


@pytest.mark.parametrize(
    ("mid", "bid"),
    [
        ("3436240135184587", "yfcLPlKKn"),
        ("3436255091659029", "yfd9X6XAx"),
        ("3591268992667779", "zCik3bc0H"),
        ("3591370117495972", "zCkX9vs2M"),
        ("3597883491333606", "zF4oB5AVM"),
        ("4559512851192225", "JoYct509r"),
        ("4589600590791016", "JBAV53jMk"),
        ("5000000000000001", "O00000001"),
        ("4500000012345678", "J00019Qdw"),
    ],
)
def test_ids_translate_both_ways(mid: str, bid: str) -> None:
    assert bid_of(mid) == bid
    assert mid_of(bid) == mid


def test_an_id_beyond_two_to_the_53_survives() -> None:
    assert mid_of(bid_of("90071992547409931234")) == "90071992547409931234"


def test_no_id_is_refused() -> None:
    with pytest.raises(ValueError, match="substring"):
        mid_of("a-b")


@pytest.mark.parametrize(
    ("url", "mid"),
    [
        ("https://weibo.com/1234567890/JoYct509r", "4559512851192225"),
        ("http://www.weibo.com/1234567890/JoYct509r?from=page", "4559512851192225"),
        ("https://m.weibo.cn/status/JoYct509r", "4559512851192225"),
        ("https://m.weibo.cn/detail/4559512851192225", "4559512851192225"),
        ("https://weibo.com/1234567890/O00000001", "5000000000000001"),
        ("https://weibo.com/u/1234567890", ""),
        ("https://weibo.com/1234567890/home", ""),
        ("https://weibo.com/1234567890", ""),
        ("https://weibo.com/ttarticle/p/show?id=2309404demo", ""),
        ("https://evilweibo.com/1234567890/JoYct509r", ""),
        ("https://weibo.com/1234567890/Jo-ct509r", ""),
        ("https://mp.weixin.qq.com/s/AbCdEfGh", ""),
        ("http://[broken", ""),
        ("", ""),
    ],
)
def test_a_link_leads_to_its_status(url: str, mid: str) -> None:
    assert mid_of_link(url) == mid


def test_a_repost_says_where_it_comes_from() -> None:
    label = "转载｜来源：健康澜汀｜稿号 HT-20260512-nurses"
    variant = replace(REPRINT, label=label)
    assert compose_repost(variant, "") == label
    assert compose_repost(replace(variant, label="转载"), SAFE) == f"转载 HT-20260512-nurses {SAFE}"


def test_an_original_gets_its_link_and_a_safe_one() -> None:
    own = replace(ORIGINAL, link="https://jk.lanting.example/0506")
    assert compose(own, SAFE) == "正文 https://jk.lanting.example/0506"
    foreign = replace(ORIGINAL, link=FIRST_RELEASE)
    assert compose(foreign, SAFE) == f"正文 {FIRST_RELEASE} {SAFE}"
    assert compose(ORIGINAL, SAFE) == f"正文 {SAFE}"


def test_a_link_already_in_the_text_is_not_added_again() -> None:
    said = replace(ORIGINAL, text=f"详见 {SAFE}0506 。", link=f"{SAFE}0506")
    assert compose(said, SAFE) == f"详见 {SAFE}0506 。"


def test_without_a_text_the_title_stands_in() -> None:
    assert compose(replace(ORIGINAL, text=""), SAFE) == f"标题 {SAFE}"


def test_an_original_is_never_cut() -> None:
    long = replace(ORIGINAL, text="字" * 300)
    assert compose(long, SAFE).startswith("字" * 300)


@pytest.mark.parametrize("characters", [0, 1, 30, 47, 48, 49, 80, 140, 2000])
def test_a_reprint_always_keeps_label_marker_and_links(characters: int) -> None:
    text = compose(replace(REPRINT, text="字" * characters), SAFE)
    assert length(text) <= TEXT_LIMIT
    assert text.endswith(f"\n{REPRINT.label} {FIRST_RELEASE} {SAFE}")
    assert has_marker(text, REPRINT.marker)


def test_a_cut_body_ends_in_dots_and_uses_the_room() -> None:
    text = compose(replace(REPRINT, text="字" * 2000), SAFE)
    assert "字…\n" in text
    assert length(text) >= TEXT_LIMIT - 1


def test_a_cut_never_leaves_half_a_link_or_drops_the_safe_one() -> None:
    for before in range(20, 70):
        variant = replace(REPRINT, text="字" * before + f" {SAFE}0506 " + "字" * 100)
        text = compose(variant, SAFE)
        assert length(text) <= TEXT_LIMIT
        body = text.split("…")[0]
        assert "http" not in body or f"{SAFE}0506" in body
        assert has_safe_link(text, SAFE)


def test_a_label_without_the_marker_gets_it() -> None:
    assert "【转载】 HT-20260512-nurses" in compose(replace(REPRINT, label="【转载】"), SAFE)


def test_a_safe_link_is_told_by_its_domain() -> None:
    assert has_safe_link("看 https://www.jk.lanting.example/x", SAFE)
    assert not has_safe_link("看 https://evil-jk.lanting.example.org/", SAFE)
    assert not has_safe_link("没有链接", "")


def test_topics_are_found_outside_of_links() -> None:
    assert topics("#手卫生# 看 https://a.example/#rd 和 https://b.example/#wechat") == ["#手卫生#"]
    assert topics("第1# 号") == []


def test_a_marker_is_not_found_in_a_longer_one() -> None:
    assert has_marker("稿号HT-20260512-nurses。", "HT-20260512-nurses")
    assert not has_marker("稿号HT-20260512-nurses-2", "HT-20260512-nurses")
    assert not has_marker("没有", "")


def test_a_text_is_known_again_after_links_were_rewritten() -> None:
    sent = "勤洗手 A&B https://jk.lanting.example/0506"
    assert same_text(sent, "勤洗手 A&amp;B http://t.cn/A6demo \u200b")
    assert not same_text(sent, "勤洗脚 A&amp;B http://t.cn/A6demo")


def test_a_text_shown_in_part_is_known_by_its_beginning() -> None:
    sent = "字" * 100 + "尾"
    assert same_text(sent, "字" * 80 + "...全文", cut=True)
    assert not same_text(sent, "字" * 80 + "...全文")
    assert not same_text(sent, "字...全文", cut=True)  # too little to go by


@pytest.mark.parametrize("name", ["C", "C.UTF-8"])
def test_times_are_read_in_any_locale(name: str) -> None:
    before = locale.setlocale(locale.LC_TIME)
    locale.setlocale(locale.LC_TIME, name)
    try:
        moment = parse_time("Sat Nov 21 10:00:00 +0800 2026")
    finally:
        locale.setlocale(locale.LC_TIME, before)
    assert moment == datetime(2026, 11, 21, 2, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "now", "Sat Foo 21 10:00:00 +0800 2026", "2026-11-21"])
def test_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|not in list|match format"):
        parse_time(text)


def test_a_label_that_fills_the_whole_leaves_nothing_of_the_body() -> None:
    """However long a text is, it is cut at once."""
    text = compose(replace(REPRINT, text="字" * 100_000, label="标" * 200), SAFE)
    assert text.startswith("…\n标")


def test_a_link_that_is_none_is_not_safe() -> None:
    assert not has_safe_link("见 http://[a", SAFE)
    assert not has_safe_link(f"见 {SAFE}1", "http://[")
