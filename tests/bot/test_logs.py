"""Log lines: bound ids, and equal lines counted instead of repeated."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import logs
from bot.logs import Counting, working_on


@dataclass(frozen=True, kw_only=True)
class Pub:
    id: int
    post: str = "p1"
    account: str = "u01-weibo"
    platform: str = "weibo"


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    yield
    structlog.reset_defaults()  # the log must not keep the captured stderr


class Ticking:
    """A log with JSON lines, whose time the test moves."""

    def __init__(self, every_s: float = 60.0) -> None:
        self.now_s = 0.0
        self.told: list[dict[str, Any]] = []
        self.counting = Counting(
            [structlog.processors.JSONRenderer()],
            write=lambda text: self.told.append(json.loads(text)),
            every_s=every_s,
            monotonic=lambda: self.now_s,
        )

    def log(self, event: str, **facts: Any) -> bool:
        """Logs the line; true if it came through."""
        try:
            line = {"event": event, "level": "warning", **facts}
            return bool(self.counting(None, "warning", line))
        except structlog.DropEvent:
            return False


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    said = capsys.readouterr()
    assert said.out == ""  # stdout belongs to the commands' answers
    return [json.loads(line) for line in said.err.splitlines()]


def test_lines_within_the_block_name_the_publication(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", json=True)
    log = logs.get_logger("bot.engine.publish")
    with working_on(Pub(id=7)):
        log.info("publication.sent")
    log.info("engine.idle")
    inside, outside = lines(capsys)
    ids = {"publication": 7, "post": "p1", "account": "u01-weibo", "platform": "weibo"}
    assert ids.items() <= inside.items()
    assert ids.keys() & outside.keys() == set()
    assert (inside["module"], inside["level"]) == ("bot.engine.publish", "info")


async def test_tasks_side_by_side_keep_their_own_ids(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", json=True)
    log = logs.get_logger("test")
    both = asyncio.Barrier(2)

    async def work(pub: Pub) -> None:
        with working_on(pub):
            await both.wait()
            log.info("publication.sent")

    await asyncio.gather(work(Pub(id=1)), work(Pub(id=2)))
    assert sorted(line["publication"] for line in lines(capsys)) == [1, 2]


def test_equal_lines_are_counted_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", json=True)
    log = logs.get_logger("test")
    for attempt in range(1600):
        log.error("publication.not_recorded", publication=3, attempt=attempt)
    logs.flush()
    first, count = lines(capsys)
    assert (first["attempt"], "repeated" in first) == (0, False)
    assert (count["event"], count["repeated"]) == ("publication.not_recorded", 1599)
    assert (count["attempt"], count["level"]) == (1599, "error")


def test_the_count_comes_with_the_next_line_after_the_time_is_over() -> None:
    log = Ticking(every_s=60)
    assert log.log("a")
    assert not log.log("a")
    log.now_s = 59
    assert not log.log("a")
    assert log.told == []
    log.now_s = 60
    assert log.log("something.else")
    assert [(line["event"], line["repeated"]) for line in log.told] == [("a", 2)]
    assert log.log("a")  # a new time begins


@pytest.mark.parametrize(
    "other",
    [
        {"publication": 2},
        {"account": "u02-weibo"},
        {"error": "another cause"},
        {"error_code": "45009"},
        {"level": "error"},
    ],
)
def test_lines_that_say_something_else_pass(other: dict[str, Any]) -> None:
    log = Ticking()
    facts = {"publication": 1, "account": "u01-weibo", "error": "a cause", "error_code": "45065"}
    assert log.log("publication.error", **facts)
    assert log.log("publication.error", **{**facts, **other})
    assert not log.log("publication.error", **facts)


def test_a_line_without_equals_is_not_told_again() -> None:
    log = Ticking()
    log.log("a")
    log.now_s = 1000
    log.log("b")
    log.counting.flush()
    assert log.told == []


def test_the_count_of_an_error_needs_no_exception_at_hand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("info", json=True)
    log = logs.get_logger("test")
    for _time in range(2):
        try:
            raise ValueError("broken")
        except ValueError:
            log.exception("collect.failed")
    logs.flush()
    first, count = lines(capsys)
    assert "ValueError: broken" in first["exception"]
    assert count["repeated"] == 1
    assert "exception" not in count


def test_the_count_names_its_own_publication_only(capsys: pytest.CaptureFixture[str]) -> None:
    """It is told while something else is worked on."""
    logs.configure("info", json=True)
    log = logs.get_logger("test")
    for _time in range(2):
        log.info("engine.idle")
    with working_on(Pub(id=9)):
        logs.flush()
    assert [line.get("publication") for line in lines(capsys)] == [None, None]


def test_quiet_levels_stay_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning", json=True)
    log = logs.get_logger("test")
    log.info("engine.tick")
    log.warning("engine.slow")
    assert [line["event"] for line in lines(capsys)] == ["engine.slow"]


def test_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")
    log = logs.get_logger("test")
    log.warning("engine.slow", took_s=3)
    log.warning("engine.slow", took_s=4)
    logs.flush()
    first, count = capsys.readouterr().err.splitlines()
    assert "took_s=3" in first
    assert "repeated=1" in count
    assert "took_s=4" in count


def test_an_exception_is_one_line_and_its_trace_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the trace nor what the functions held is for a person's screen."""
    monkeypatch.chdir(tmp_path)
    logs.configure("warning")
    log = logs.get_logger("test")
    for _time in range(3):
        _fail(log, "one\ntwo")
    _fail(log, "another cause")
    said = capsys.readouterr()
    first, second = said.err.splitlines()
    assert said.out == ""
    assert "chore.failed" in first
    assert "error='one two'" in first
    assert "error_kind=ExceptionGroup" in first
    assert "another cause" in second
    for sign in ("Traceback", "geheim", "test_logs.py"):
        assert sign not in said.err
    [trace] = Path("var/errors").iterdir()  # the same place, the same file
    assert str(trace) in first
    assert 'raise ValueError("another cause")' not in trace.read_text(encoding="utf-8")
    assert "in _fail" in trace.read_text(encoding="utf-8")


def _fail(log: Any, message: str) -> None:
    secret = "geheim"
    try:
        raise ExceptionGroup("side by side", [ValueError(message)])
    except ExceptionGroup:
        log.exception("chore.failed", known=len(secret))


def test_where_no_trace_can_be_kept_the_line_comes_all_the_same(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk: nothing that logs may fail because of it."""
    monkeypatch.chdir(tmp_path)
    Path("var").write_text("", encoding="utf-8")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "var"))
    logs.configure("warning")
    _fail(logs.get_logger("test"), "broken")
    [line] = capsys.readouterr().err.splitlines()
    assert "error=broken" in line


@pytest.mark.parametrize(("level", "json_lines"), [("debug", False), ("warning", True)])
def test_programs_and_debuggers_get_the_trace(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    level: str,
    json_lines: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    logs.configure(level, json=json_lines)
    _fail(logs.get_logger("test"), "broken")
    assert "Traceback" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
