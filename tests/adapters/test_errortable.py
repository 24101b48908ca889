"""Error tables: rows found by code and text, and what each stands for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.errortable import ErrorTable
from adapters.http import Origin
from bot.errors import ContractBroken, OutcomeUnknown, RateLimited, Rejected, Unavailable

HEAD = "code,match,meaning,raises,wait,advice\n"
ROWS = (
    "1,no link,缺链接,Rejected,,加链接\n"
    "1,,参数错,ContractBroken,,查参数\n"
    "2,,当日额度,RateLimited,day,次日再发\n"
    "3,,太频繁,RateLimited,90,稍后再发\n"
    "4,,系统忙,OutcomeUnknown,,先核对\n"
    "5,,已接收,accepted,,勿重发\n"
    "6,,没说何时,RateLimited,,等待\n"
)
NOW = datetime(2026, 5, 6, 15, 30, tzinfo=UTC)  # 23:30 in Beijing
WRITE = Origin(platform="p", action="post", effect=True, status=400, head="…".encode())
READ = Origin(platform="p", action="list", effect=False, status=400, head="…".encode())


@pytest.fixture
def table(tmp_path: Path) -> ErrorTable:
    """A small table."""
    file = tmp_path / "errors.csv"
    file.write_text(HEAD + ROWS, encoding="utf-8")
    return ErrorTable.load(file)


def test_the_text_decides_between_rows_of_one_code(table: ErrorTable) -> None:
    assert isinstance(table.error(WRITE, "1", "there is no link!", now=NOW), Rejected)
    assert isinstance(table.error(WRITE, "1", "something else", now=NOW), ContractBroken)


def test_the_error_carries_cause_code_advice_and_raw(table: ErrorTable) -> None:
    error = table.error(WRITE, "1", "no link", now=NOW)
    assert (error.code, error.advice, error.raw, error.status) == ("1", "加链接", "…", 400)
    assert "缺链接" in error.message


@pytest.mark.parametrize(
    ("code", "retry_at"),
    [
        ("2", datetime(2026, 5, 6, 16, tzinfo=UTC)),  # midnight in Beijing
        ("3", NOW + timedelta(seconds=90)),
        ("6", None),
    ],
)
def test_a_quota_says_when_it_is_whole(
    table: ErrorTable, code: str, retry_at: datetime | None
) -> None:
    error = table.error(WRITE, code, "", now=NOW)
    assert isinstance(error, RateLimited)
    assert error.retry_at == retry_at


def test_an_open_outcome_of_a_read_is_no_open_outcome(table: ErrorTable) -> None:
    assert type(table.error(WRITE, "4", "", now=NOW)) is OutcomeUnknown
    assert type(table.error(READ, "4", "", now=NOW)) is Unavailable


@pytest.mark.parametrize("code", ["99", "5"])
def test_a_code_that_should_not_be_here_is_a_broken_answer(table: ErrorTable, code: str) -> None:
    assert type(table.error(WRITE, code, "?", now=NOW)) is OutcomeUnknown
    error = table.error(READ, code, "?", now=NOW)
    assert type(error) is ContractBroken
    assert error.code == code


def test_a_row_that_raises_nothing_we_know_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "errors.csv"
    file.write_text(HEAD + "1,,x,Refused,,y\n", encoding="utf-8")
    with pytest.raises(ValueError, match="Refused"):
        ErrorTable.load(file)
