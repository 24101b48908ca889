"""What changed between two versions, and which one a text shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.differences import carried, differences, forms
from bot.domain.post import Post

BODY = (
    "流感季来了，六十岁以上居民请于5月7日前到社区接种疫苗。接种当天带好身份证和接种本。\n\n"
    "回家先洗手，出门戴好口罩，房间每天开窗两次。发热请到发热门诊就诊，不要自己服用抗生素。"
)
OLD = Post(
    id="k1",
    title="流感防护",
    due_at=datetime(2026, 5, 6, 2, tzinfo=UTC),
    accounts=("u01-wechat",),
    window=timedelta(hours=6),
    body=BODY,
    text="【流感】请于5月7日前接种，全文见链接。",
)
NEW = replace(OLD, title="流感防护（更正）", body=BODY.replace("5月7日", "5月17日"))
SHORTER = replace(OLD, body=BODY.replace("接种当天带好身份证和接种本。", ""))


def shown(text: str, *versions: Post) -> str:
    names = "abc"
    return carried(text, forms((names[number], post) for number, post in enumerate(versions)))


def test_only_the_sentences_that_differ_are_told() -> None:
    found = [(one.part, one.sign, one.words) for one in differences(OLD, NEW)]
    assert found == [
        ("title", "-", "流感防护"),
        ("title", "+", "流感防护（更正）"),
        ("body", "-", "流感季来了，六十岁以上居民请于5月7日前到社区接种疫苗。"),
        ("body", "+", "流感季来了，六十岁以上居民请于5月17日前到社区接种疫苗。"),
    ]
    assert differences(OLD, OLD) == []


def test_a_copy_shows_the_version_it_was_made_of() -> None:
    for text, name in ((BODY, "a"), (NEW.body, "b")):
        assert shown(f"转载自：健康澜汀\n{text}\n编辑：小王", OLD, NEW) == name


def test_of_a_text_and_a_shortened_one_the_longer_is_shown() -> None:
    """A sentence was taken out: the old copy holds the new text whole, and is the old one."""
    assert shown(OLD.body, OLD, SHORTER) == "a"
    assert shown(SHORTER.body, OLD, SHORTER) == "b"


def test_where_both_read_the_same_it_is_the_newer() -> None:
    assert shown(OLD.text, OLD, NEW) == "b"


def test_another_text_shows_none() -> None:
    assert shown("院庆活动回顾：感谢大家多年来的支持与陪伴，期待明年再会。", OLD, NEW) == ""
    assert shown("", OLD, NEW) == ""
