"""When a person must authorise again: weeks of warning, and one sentence that says what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.authorisation import Authorisation, Outlook, judge

NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def judged(
    *, until: datetime | None = None, refused: str = "", given: bool = True, posts: int = 0
) -> Authorisation:
    return judge("u01-weibo", given=given, until=until, refused=refused, now=NOW, posts_after=posts)


@pytest.mark.parametrize(
    ("until", "state"),
    [
        (None, Outlook.FINE),
        (NOW + 21 * DAY + SECOND, Outlook.FINE),
        (NOW + 21 * DAY, Outlook.SOON),
        (NOW + SECOND, Outlook.SOON),
        (NOW, Outlook.RUN_OUT),
        (NOW - 300 * DAY, Outlook.RUN_OUT),
    ],
)
def test_a_warning_comes_three_weeks_before_the_end(until: datetime | None, state: Outlook) -> None:
    assert judged(until=until).state is state


def test_a_refusal_counts_while_the_token_still_lives() -> None:
    assert judged(until=NOW + 100 * DAY, refused="code 10010").state is Outlook.REFUSED
    assert judged(until=NOW, refused="code 10010").state is Outlook.RUN_OUT


def test_nothing_given_is_said_as_such() -> None:
    assert judged(given=False, refused="no credential").state is Outlook.MISSING


def test_the_warning_time_can_be_set() -> None:
    at = NOW + 40 * DAY
    warn = 60 * DAY
    found = judge("a", given=True, until=at, refused="", now=NOW, warn=warn)
    assert found.state is Outlook.SOON


def test_the_sentence_names_account_date_and_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The date is the office's: half past midnight in Beijing is still yesterday in London."""
    monkeypatch.setenv("BOT_LANGUAGE", "en")
    ends = datetime(2026, 5, 20, 16, 30, tzinfo=UTC)
    said = judged(until=ends, posts=7).warning(SHANGHAI)
    for part in ("u01-weibo", "2026-05-21", "7 planned", "set-credential u01-weibo"):
        assert part in said
    said = judged(refused="Douyin: 10010.").warning(SHANGHAI)
    assert "Douyin: 10010." in said
    assert "resume u01-weibo" in said


@pytest.mark.parametrize("quiet", [judged(), judged(given=False)])
def test_where_nothing_ends_nothing_is_said(quiet: Authorisation) -> None:
    assert quiet.warning(SHANGHAI) == ""
