"""The calendar while the bot runs: real files, changed as officers and their programs do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bot.app import App
from bot.ledger import publications
from bot.schedule.watching import Pace
from tests.bot.cli.living_office import HEAD, PROMPT_S, LivingOffice, entry

FAULTY = HEAD + entry("a").replace("at: 2099", "at: 二〇九九")


@pytest.fixture
def office(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[LivingOffice]:
    """An office with one post for 2099."""
    monkeypatch.chdir(tmp_path)
    yield LivingOffice(tmp_path, capsys)
    structlog.reset_defaults()


async def test_a_change_is_in_force_within_two_seconds(office: LivingOffice) -> None:
    async with office.running(Pace()):
        office.calendar.write_text(HEAD + entry("a") + entry("b"), encoding="utf-8")
        assert await office.plan_is("a", "b") < PROMPT_S
        # As editors do it: a new file takes the old one's name.
        fresh = office.schedules / ".2026-05.yaml.swp"
        fresh.write_text(HEAD + entry("b"), encoding="utf-8")
        os.replace(fresh, office.calendar)
        assert await office.plan_is("b") < PROMPT_S


async def test_an_error_keeps_the_good_version_and_is_told_once(office: LivingOffice) -> None:
    async with office.running() as app:
        office.calendar.write_text(FAULTY, encoding="utf-8")
        await office.until(lambda: "2026-05.yaml" in app.standing.faulty)
        assert await office.planned() == {"a": ("planned", "02:00")}
        page = app.metrics.page(None).decode()
        assert 'bot_calendar_errors{file="2026-05.yaml"} 1.0' in page
        assert [note.code for note in app.standing.notes()] == ["calendar_errors"]
        # Another file changes meanwhile; the old fault is no news.
        (office.schedules / "2026-06.yaml").write_text(HEAD + entry("c"), encoding="utf-8")
        assert await office.plan_is("a", "c") < PROMPT_S
        assert office.told.count(" bad-time") == 1
        assert office.told.count("calendar.faulty") == 1
        office.calendar.write_text(HEAD + entry("a", at="2099-05-06 11:00"), encoding="utf-8")
        await office.until(lambda: not app.standing.faulty)
        assert (await office.planned())["a"] == ("planned", "03:00")
        page = app.metrics.page(None).decode()
        assert 'bot_calendar_errors{file="2026-05.yaml"} 0.0' in page


async def test_a_file_saved_in_two_parts_is_read_whole(office: LivingOffice) -> None:
    async with office.running() as app:
        with office.calendar.open("w", encoding="utf-8") as stream:
            stream.write(HEAD)
            stream.flush()
            # The bot has looked at it in this state before the rest comes.
            before = _last_look(app)
            await office.until(lambda: _last_look(app) > before)
            assert await office.planned() == {"a": ("planned", "02:00")}
            stream.write(entry("a") + entry("b"))
        await office.plan_is("a", "b")
        assert "calendar.faulty" not in office.told


async def test_a_file_that_is_away_for_a_moment_was_never_gone(office: LivingOffice) -> None:
    async with office.running() as app:
        away = office.schedules / "2026-05.yaml.tmp"
        office.calendar.rename(away)
        before = _last_look(app)
        await office.until(lambda: _last_look(app) > before)
        assert await office.planned() == {"a": ("planned", "02:00")}
        away.rename(office.calendar)
        (office.schedules / "2026-06.yaml").write_text(HEAD + entry("c"), encoding="utf-8")
        await office.plan_is("a", "c")
        async with app.core.ledger.read() as conn:
            pubs = {pub.post: pub for pub in await publications.search(conn)}
            events = await publications.history(conn, pubs["a"].id)
        assert [event["name"] for event in events] == ["publication.planned"]
        # Deleted for good, it is gone after the grace.
        (office.schedules / "2026-06.yaml").unlink()
        await office.plan_is("a")


async def test_an_open_file_is_read_and_its_lock_is_no_calendar(office: LivingOffice) -> None:
    locks = ("~$2026-05.yaml", ".~2026-05.yaml", ".~lock.2026-05.yaml#")
    async with office.running() as app:
        for lock in locks:
            (office.schedules / lock).write_bytes(b"\x05Li\0")
        office.calendar.write_text(HEAD + entry("a") + entry("b"), encoding="utf-8")
        assert await office.plan_is("a", "b") < PROMPT_S
        assert not app.standing.faulty


async def test_a_copy_is_left_aside_and_named(office: LivingOffice) -> None:
    async with office.running() as app:
        copy = office.schedules / "2026-05 - 副本.yaml"
        shutil.copy(office.calendar, copy)
        await office.until(lambda: copy.name in app.standing.faulty)
        assert await office.planned() == {"a": ("planned", "02:00")}
        assert "copy-of-a-calendar" in office.told
        copy.unlink()
        await office.until(lambda: not app.standing.faulty)
        assert await office.planned() == {"a": ("planned", "02:00")}


async def test_a_folder_that_is_gone_takes_nothing_with_it(office: LivingOffice) -> None:
    away = office.root / "away"
    async with office.running() as app:
        office.schedules.rename(away)
        await office.until(lambda: app.standing.unreachable != "")
        assert [note.code for note in app.standing.notes()] == ["folder_gone"]
        assert await office.planned() == {"a": ("planned", "02:00")}
        away.rename(office.schedules)
        await office.until(lambda: not app.standing.unreachable)
        office.calendar.write_text(HEAD + entry("a") + entry("b"), encoding="utf-8")
        await office.plan_is("a", "b")
        assert office.told.count("calendar.gone") == 1


async def test_an_empty_folder_is_a_drive_that_is_not_there(office: LivingOffice) -> None:
    async with office.running() as app:
        for file in (office.calendar, office.schedules / "roster.yaml"):
            file.rename(office.root / file.name)
        await office.until(lambda: app.standing.unreachable != "")
        assert await office.planned() == {"a": ("planned", "02:00")}


def _last_look(app: App) -> float:
    for line in app.metrics.page(None).decode().splitlines():
        if line.startswith('bot_last_success_timestamp_seconds{job="calendar"}'):
            return float(line.rpartition(" ")[2])
    return 0.0
