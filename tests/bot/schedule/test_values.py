"""Times, durations and links: what is right, and what to write instead of what is wrong."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.schedule.values import Day, Deadline, Duration, Flag, Link, Moment, Window, is_id


def value_of(kind: Any, text: str) -> object:
    context = {"zone": ZoneInfo("Asia/Shanghai")}
    return TypeAdapter(kind).validate_python(text, context=context)


def told(kind: Any, text: str) -> tuple[str, str]:
    """Code and hint of the problem."""
    with pytest.raises(ValidationError) as caught:
        value_of(kind, text)
    [error] = caught.value.errors()
    return error["type"], str(error["ctx"]["hint"])


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Moment, "2026-05-06 00:30", datetime(2026, 5, 5, 16, 30, tzinfo=UTC)),
        (Day, "2015-03-01", date(2015, 3, 1)),
        (Duration, "30m", timedelta(minutes=30)),
        (Duration, "0m", timedelta()),
        (Window, "2d", timedelta(days=2)),
        (Deadline, "T+24h", timedelta(hours=24)),
        (Flag, "true", True),
        (Flag, "No", False),
        (Link, "https://example.cn/a?b=1", "https://example.cn/a?b=1"),
    ],
)
def test_what_is_right(kind: Any, text: str, value: object) -> None:
    assert value_of(kind, text) == value


@pytest.mark.parametrize(
    ("text", "code", "proposal"),
    [
        ("２０２６-０５-０６ １０：００", "full-width-value", "2026-05-06 10:00"),
        ("2026-05-06　10:00", "full-width-value", "2026-05-06 10:00"),
        ("2026-05-06  10:00", "full-width-value", "2026-05-06 10:00"),
        ("2026/5/6 9:05", "bad-time", "2026-05-06 09:05"),
        ("2026年5月6日 9时5分", "bad-time", "2026-05-06 09:05"),
        ("2026年5月6日9点", "bad-time", "2026-05-06 09:00"),
        ("2026-05-06T10:00:00", "bad-time", "2026-05-06 10:00"),
        ("2026-05-06", "bad-time", "YYYY-MM-DD HH:MM"),
        ("2026-13-06 10:00", "bad-time", "YYYY-MM-DD HH:MM"),
        ("2026-05-06 24:00", "bad-time", "YYYY-MM-DD HH:MM"),
        ("0001-01-01 00:00", "bad-time", "YYYY-MM-DD HH:MM"),
        ("9999-12-31 10:00", "bad-time", "YYYY-MM-DD HH:MM"),
        ("１０：００", "time-without-day", "10:00"),
        ("明天", "bad-time", "YYYY-MM-DD HH:MM"),
    ],
)
def test_a_wrong_time_is_answered_with_the_right_form(text: str, code: str, proposal: str) -> None:
    found, hint = told(Moment, text)
    assert found == code
    assert proposal in hint


@pytest.mark.parametrize(
    ("kind", "text", "code", "proposal"),
    [
        (Duration, "６ｈ", "full-width-value", "6h"),
        (Duration, "-6h", "bad-duration", "6h"),
        (Duration, "1.5h", "bad-duration", "30m"),
        (Duration, "99999d", "bad-duration", "2d"),
        (Window, "0m", "window-not-positive", "6h"),
        (Deadline, "Ｔ＋２４ｈ", "full-width-value", "T+24h"),
        (Deadline, "24h", "bad-deadline", "T+24h"),
        (Deadline, "T-4h", "deadline-not-positive", "T+4h"),
        (Day, "2026-02-30", "bad-date", "YYYY-MM-DD"),
        (Flag, "1", "unknown-value", "true"),
        (Link, "example.cn", "bad-link", "https://"),
        (Link, "https://[::1", "bad-link", "https://"),
        (Link, "https://a b.cn", "bad-link", "https://"),
        (Link, "javascript:alert(1)", "bad-link", "https://"),
    ],
)
def test_a_wrong_value_is_answered_with_the_right_form(
    kind: Any, text: str, code: str, proposal: str
) -> None:
    found, hint = told(kind, text)
    assert found == code
    assert proposal in hint


def test_ids() -> None:
    assert all(is_id(text) for text in ("0506-hand", "K1", "a", "a" * 64))
    assert not any(is_id(text) for text in ("", "-a", "a_b", "a b", "洗手", "a" * 65, "a\n"))
