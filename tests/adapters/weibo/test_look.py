"""A status as Weibo shows it, and as its composer counts it."""

from __future__ import annotations

from dataclasses import replace

from adapters.weibo.adapter import WeiboAdapter
from adapters.weibo.limits import TEXT_LIMIT
from adapters.weibo.look import lengths, screens
from adapters.weibo.text import compose, length
from tests.adapters.looks.test_every_look import REPRINT, WHOLE, scene, text_of

OPTIONS = {"safe_link": "https://yy1.lanting.example/"}
SCENE = replace(scene("weibo"), account=replace(scene("weibo").account, options=OPTIONS))


def test_the_status_is_shown_as_it_is_sent() -> None:
    shown = text_of(screens(REPRINT, SCENE))
    assert REPRINT.label in shown
    assert shown.count("网页链接") == compose(REPRINT, OPTIONS["safe_link"]).count("https://")


def test_topics_of_weibo_have_two_signs() -> None:
    topical = replace(WHOLE, text="今天#健康 生活#日")
    [screen] = screens(topical, SCENE)
    assert '<span class="pt-link">#健康 生活#</span>' in screen.content


def test_a_repost_has_the_original_below_it() -> None:
    reposting = replace(SCENE.account, options={**OPTIONS, "reprint_as": "repost"})
    [screen] = screens(REPRINT, replace(SCENE, account=reposting))
    above, below = screen.content.split("sh-quote")
    assert "转载｜来源" in above
    assert "勤洗手" not in above
    assert "@健康澜汀" in below
    assert "勤洗手" in below


def test_it_is_counted_with_label_and_links() -> None:
    [counted] = lengths(REPRINT, SCENE.account)
    assert counted.length == length(compose(REPRINT, OPTIONS["safe_link"]))
    assert counted.limit == TEXT_LIMIT
    long = replace(WHOLE, text="字" * 140)
    [over] = lengths(long, SCENE.account)
    assert over.length > over.limit
    refused = {problem.code for problem in WeiboAdapter.check(long, SCENE.account)}
    assert "weibo-text-too-long" in refused
