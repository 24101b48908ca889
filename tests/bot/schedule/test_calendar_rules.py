"""The rules of the calendar as a whole: each with a case that fires and a near miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.schedule.options import CheckOptions
from bot.schedule.reader import Reading, read
from tests.bot.schedule.folders import PLATFORMS, make_folder

NONE = CheckOptions(health_days=None)


def reading(root: Path, *posts: str, options: CheckOptions = NONE) -> Reading:
    """What is found in a calendar of these posts, each the lines of one but for its id."""
    entries = "".join(f"  - id: p{number}\n{_indented(post)}" for number, post in enumerate(posts))
    calendar = f"timezone: Asia/Shanghai\ndefaults:\n  accounts: [u01-wechat]\nposts:\n{entries}"
    return read(make_folder(root, calendar=calendar), PLATFORMS, options=options)


def _indented(post: str) -> str:
    return "".join(f"    {line}\n" for line in post.splitlines())


def at(moment: str, title: str, more: str = "") -> str:
    return f"at: {moment}\ntitle: {title}\ntext: 关于{title}的几点提醒，请大家留意。\n{more}"


def codes(found: Reading) -> list[tuple[str | None, str]]:
    return [(problem.post, problem.code) for problem in found.problems]


@pytest.mark.parametrize(
    ("second", "minutes", "expected"),
    [
        ("2026-05-06 10:29", 30, [("p1", "same-slot")]),
        ("2026-05-06 10:30", 30, []),
        ("2026-05-06 10:00", 30, [("p1", "same-slot")]),
        ("2026-05-06 10:00", 0, []),
    ],
)
def test_two_posts_in_one_slot(
    tmp_path: Path, second: str, minutes: int, expected: list[tuple[str, str]]
) -> None:
    options = replace(NONE, slot=timedelta(minutes=minutes))
    posts = (at("2026-05-06 10:00", "洗手"), at(second, "爱牙"))
    assert codes(reading(tmp_path, *posts, options=options)) == expected


def test_other_accounts_may_post_at_the_same_time(tmp_path: Path) -> None:
    other = at("2026-05-06 10:00", "爱牙", "accounts: [u02-wechat]")
    assert codes(reading(tmp_path, at("2026-05-06 10:00", "洗手"), other)) == []


def test_an_account_that_comes_later_has_its_own_slot(tmp_path: Path) -> None:
    accounts = "accounts: [u01-wechat, {u02-wechat: T+2h}]"
    second = at("2026-05-06 12:00", "爱牙", "accounts: [u01-wechat, u02-wechat]")
    found = reading(tmp_path, at("2026-05-06 10:00", "洗手", accounts), second)
    assert codes(found) == [("p1", "same-slot")]
    assert "u02-wechat" in found.problems[0].message
    assert "u01-wechat" not in found.problems[0].message


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (at("2026-05-20 10:00", "洗手"), [("p1", "same-content")]),
        (at("2026-05-20 10:00", "“洗手”！"), [("p1", "same-content")]),
        (at("2026-06-06 10:00", "洗手"), []),  # 31 days later
        (at("2026-05-20 10:00", "洗手", "accounts: [u02-wechat]"), []),
        (at("2026-05-20 10:00", "再说洗手"), []),
    ],
)
def test_the_same_content_twice(
    tmp_path: Path, second: str, expected: list[tuple[str, str]]
) -> None:
    assert codes(reading(tmp_path, at("2026-05-06 10:00", "洗手"), second)) == expected


@pytest.mark.parametrize(
    ("moment", "quiet", "expected"),
    [
        ("2026-05-06 22:00", (time(22), time(7)), [("p0", "quiet-hours")]),
        ("2026-05-06 06:59", (time(22), time(7)), [("p0", "quiet-hours")]),
        ("2026-05-06 07:00", (time(22), time(7)), []),
        ("2026-05-06 13:00", (time(12), time(14)), [("p0", "quiet-hours")]),
        ("2026-05-06 23:00", None, []),
    ],
)
def test_quiet_hours(
    tmp_path: Path,
    moment: str,
    quiet: tuple[time, time] | None,
    expected: list[tuple[str, str]],
) -> None:
    options = replace(NONE, quiet=quiet)
    assert codes(reading(tmp_path, at(moment, "洗手"), options=options)) == expected


@pytest.mark.parametrize(
    ("moment", "topic", "expected"),
    [
        ("2026-10-02 10:00", "news", [("p0", "holiday-post")]),
        ("2026-10-02 10:00", "clinic", []),
        ("2026-10-09 10:00", "news", []),
        ("2026-10-10 10:00", "news", []),  # a Saturday that is worked
    ],
)
def test_news_on_a_public_holiday(
    tmp_path: Path, moment: str, topic: str, expected: list[tuple[str, str]]
) -> None:
    found = reading(tmp_path, at(moment, "动态", f"topic: {topic}"))
    assert codes(found) == expected


@pytest.mark.parametrize(
    ("moment", "deadline", "expected"),
    [
        ("2026-05-06 19:00", "T+4h", [("p0", "deadline-off-hours")]),
        ("2026-05-06 09:00", "T+4h", []),
        ("2026-09-30 10:00", "T+24h", [("p0", "deadline-off-hours")]),  # 1 October
        ("2026-05-15 10:00", "T+24h", []),  # a plain Saturday
    ],
)
def test_a_deadline_out_of_hours(
    tmp_path: Path, moment: str, deadline: str, expected: list[tuple[str, str]]
) -> None:
    found = reading(tmp_path, at(moment, "要闻", f"key: {{deadline: {deadline}}}"))
    assert codes(found) == expected


@pytest.mark.parametrize(
    ("days", "title", "expected"),
    [
        ((), "洗手", ["health-day-uncovered"]),
        ((), "世界无烟日，一起戒烟", []),
        (None, "洗手", []),
        (("世界无烟日",), "洗手", ["health-day-uncovered"]),
        (("国际护士节",), "洗手", []),
    ],
)
def test_a_health_day_without_a_post(
    tmp_path: Path, days: tuple[str, ...] | None, title: str, expected: list[str]
) -> None:
    posts = (
        at("2026-05-26 10:00", "爱牙"),
        at("2026-05-30 10:00", title),
        at("2026-06-02 10:00", "献血"),
    )
    found = reading(tmp_path, *posts, options=CheckOptions(health_days=days))
    assert [code for _post, code in codes(found)] == expected
    assert all("世界无烟日" in one.message for one in found.problems)


@pytest.mark.parametrize(
    ("source", "approved", "expected"),
    [
        ("某养生公众号", ("新华社", "国家卫生健康委"), [("p0", "reprint-not-approved")]),
        ("新华社客户端", ("新华社",), []),
        ("某养生公众号", (), []),
    ],
)
def test_the_approved_sources(
    tmp_path: Path, source: str, approved: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    more = f"topic: reprint\nsource: {source}\nsource_url: https://example.cn/1"
    options = replace(NONE, approved_sources=approved)
    found = reading(tmp_path, at("2026-05-06 10:00", "转发", more), options=options)
    assert codes(found) == expected


def test_words_of_the_office(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "own.txt").write_text("留意 = error 改用“注意”\n几点提醒\n", "utf-8")
    found = reading(tmp_path, at("2026-05-06 10:00", "洗手"))
    assert [(p.code, p.severity.value, p.place.column) for p in found.problems] == [
        ("office-word", "warning", 16),
        ("office-word", "error", 24),
    ]
    assert "改用“注意”" in found.problems[1].message


@pytest.mark.parametrize("declared", ["true", "false"])
@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_picture_with_the_label_of_ai(tmp_path: Path, kind: str, declared: str) -> None:
    image = Image.new("RGB", (64, 64))
    if kind == "png":
        text = PngInfo()
        text.add_text("AIGC", '{"Label": "1"}')
        image.save(tmp_path / "a.png", pnginfo=text)
    else:
        image.save(tmp_path / "a.jpeg", xmp=b"<x:xmpmeta><TC260:AIGC>{}</TC260:AIGC></x:xmpmeta>")
    more = f"cover: a.{kind}\nai_generated: {declared}"
    found = reading(tmp_path, at("2026-05-06 10:00", "洗手", more))
    assert codes(found) == ([] if declared == "true" else [("p0", "ai-unlabelled")])


def test_a_picture_without_it(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    assert codes(reading(tmp_path, at("2026-05-06 10:00", "洗手", "cover: a.png"))) == []
