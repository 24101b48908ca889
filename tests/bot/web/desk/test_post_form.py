"""The form of a post: what is not touched is not changed, whatever stands in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.domain.problem import NOWHERE
from bot.schedule.entries import Article, Entry, Files
from bot.web.desk import post_form

SAMPLE = Path(__file__).parents[4] / "schedules"
ODD: dict[str, Any] = {
    "id": "p1",
    "at": "5月6日 10:00",
    "title": ["a", "b"],
    "accounts": ["u01-wechat", {"u01-weibo": "T+30m"}, "u02-weibo T+1h"],
    "text": "",
    "images": [],
    "push": "yes",
    "key": {"deadline": "T+4h", "must": ["u02"], "exempt": {"u03": "a: b"}, "note": "x"},
    "variants": {"wechat": {"options": {"theme": "gov"}, "title": ""}, "u02": {"intro": "按语"}},
    "more": [{"title": "第二条", "body": "posts/b.md"}],
    "ignore": None,
}
CHANGES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "a text": ({"digest": "摘要"}, {"digest": "摘要"}),
    "a day and time": (
        {"offset": "", "day": "2026-05-07", "time": "09:00"},
        {"at": "2026-05-07 09:00"},
    ),
    "an account more": (
        {"accounts": "u03-wechat\nu01-wechat\nu01-weibo\nu02-weibo"},
        {"accounts": ["u01-wechat", "u01-weibo T+30m", "u02-weibo T+1h", "u03-wechat"]},
    ),
    "no accounts": ({"accounts": "", "delays": ""}, {"accounts": None}),
    "a flag off": ({"push": ""}, {"push": None}),
    "its column's flag off": ({"patient_story": ""}, {"patient_story": "false"}),
    "no key item": ({"key": ""}, {"key": None}),
    "a unit more": (
        {"unit.u04": "must", "unit.u03": "may"},
        {
            "key": {
                "deadline": "T+4h",
                "must": ["u02", "u04"],
                "may": ["u03"],
                "note": "x",
            }
        },
    ),
    "a choice of a platform": (
        {"variants.wechat.options": "theme：plain\ncomments: off"},
        {
            "variants": {
                "wechat": {"options": {"theme": "plain", "comments": "off"}, "title": ""},
                "u02": {"intro": "按语"},
            }
        },
    ),
    "nothing different any more": (
        {"variants.u02.intro": ""},
        {"variants": {"wechat": {"options": {"theme": "gov"}, "title": ""}}},
    ),
    "no further article": ({"more.0.title": "", "more.0.body": ""}, {"more": None}),
    "a third one": (
        {"more.1.title": "第三条"},
        {"more": [{"title": "第二条", "body": "posts/b.md"}, {"title": "第三条"}]},
    ),
}


def entry(fields: dict[str, Any]) -> Entry:
    article = Article(path="posts/p1.md", raw=b"x", encoding="utf-8-sig", text="  正文\n\n")
    return Entry(
        id="p1",
        file="a.yaml",
        place=NOWHERE,
        fields=fields,
        lent={"patient_story": "true"},
        article=article,
        version="1",
        zone="Asia/Shanghai",
    )


def test_what_is_shown_and_sent_back_changes_nothing() -> None:
    files = Files(root=SAMPLE, zone="Asia/Shanghai")
    every = [files.entry(found) for found in files.posts()]
    assert len(every) > 50
    for one in [*every, entry(ODD)]:
        wish = post_form.wish(post_form.shown(one), one)
        assert (wish.changes, wish.article) == ({}, None), one.id


@pytest.mark.parametrize("what", CHANGES)
def test_only_what_was_changed_is_changed(what: str) -> None:
    typed, wanted = CHANGES[what]
    values = {**post_form.shown(entry(ODD)), **typed}
    values = {name: text for name, text in values.items() if text}
    assert post_form.wish(values, entry(ODD)).changes == wanted


def test_marks_tell_later_what_was_changed() -> None:
    values = post_form.shown(entry(ODD))
    marks = post_form.marks(values)
    assert post_form.changed_since(marks, values) == set()
    other = {**values, "digest": "neu", "accounts": "u01-wechat"}
    other.pop("after", None)
    assert post_form.changed_since(marks, other) == {"digest", "accounts"}
    assert post_form.changed_since("{", other) == set()
