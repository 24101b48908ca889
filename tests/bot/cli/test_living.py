"""The calendar while the bot runs: real files, changed as officers and their programs do."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import structlog

from bot.app import App
from bot.ledger import publications
from bot.schedule.watching import Pace
from tests.bot.cli.living_office import HEAD, PROMPT_S, LivingOffice, entry
from tests.bot.engine.world import roster

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


async def test_a_roster_that_loses_its_accounts_is_told_once(office: LivingOffice) -> None:
    async with office.running():
        members = roster()
        del members["units"][1:]
        office.write_roster(members)
        await office.until(lambda: "--yes" in office.told)
        office.calendar.touch()
        await office.plan_is("a")
        office.write_roster(roster())
        office.calendar.write_text(HEAD + entry("a") + entry("b"), encoding="utf-8")
        await office.plan_is("a", "b")
        assert office.told.count("--yes") == 1


NEW = "  - at: 2099-05-07 10:00  # 新的一条\n    title: 流感季\n    text: 及时接种。\n"


async def test_a_new_entry_gets_its_id_in_the_file_and_is_planned(office: LivingOffice) -> None:
    async with office.running(Pace()):
        before = HEAD + NEW + entry("a")
        office.calendar.write_text(before, encoding="utf-8")
        began_s = time.monotonic()
        await office.until(lambda: "id: 0507-" in office.calendar.read_text("utf-8"))
        after = office.calendar.read_text("utf-8")
        [name] = re.findall(r"id: (0507-[0-9a-f]{6})\n    ", after)
        assert after.replace(f"id: {name}\n    ", "") == before
        await office.plan_is("a", name)
        assert time.monotonic() - began_s < PROMPT_S
    # An editor that had the file open saves it once more: the post is the same.
    office.calendar.write_text(before, encoding="utf-8")
    async with office.running():
        assert set(await office.planned()) == {"a", name}
        assert office.calendar.read_text("utf-8") == after


async def test_an_open_file_gets_its_ids_when_it_is_closed(office: LivingOffice) -> None:
    lock = office.schedules / ".~lock.2026-05.yaml#"
    async with office.running():
        lock.write_text("Li")
        office.calendar.write_text(HEAD + NEW + entry("a") + entry("b"), encoding="utf-8")
        await office.plan_is("a", "b")  # what has an id does not wait
        (office.schedules / "2026-06.yaml").write_text(HEAD + entry("c"), encoding="utf-8")
        await office.plan_is("a", "b", "c")
        assert office.told.count(lock.name) == 1
        lock.unlink()
        await office.until(lambda: "id: 0507-" in office.calendar.read_text("utf-8"))
        [name] = re.findall("0507-[0-9a-f]{6}", office.calendar.read_text("utf-8"))
        await office.plan_is("a", "b", "c", name)


async def test_no_id_is_written_where_the_office_does_not_want_it(office: LivingOffice) -> None:
    async with office.running(write_ids=False) as app:
        text = HEAD + NEW + entry("a") + entry("b")
        office.calendar.write_text(text, encoding="utf-8")
        await office.plan_is("a", "b")
        assert office.calendar.read_text("utf-8") == text
        assert "id-missing" in office.told
        assert app.standing.faulty["2026-05.yaml"].errors == 1


@contextmanager
def nobody() -> Iterator[None]:
    """Root may open everything; this test needs somebody who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_file_that_does_not_open_is_tried_again_and_told_late(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As network drives do while another machine keeps a file for itself."""
    with TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        monkeypatch.chdir(root)
        office = LivingOffice(root, capsys)
        async with office.running() as app:
            with nobody():
                _shut(office.calendar)
                await office.until(lambda: "file-unreadable" in office.told)
                assert await office.planned() == {"a": ("planned", "02:00")}
                assert "2026-05.yaml" in app.standing.faulty
            office.calendar.chmod(0o644)
            await office.until(lambda: not app.standing.faulty)
            assert office.told.count("file-unreadable") == 1
            assert await office.planned() == {"a": ("planned", "02:00")}
        structlog.reset_defaults()


def _shut(file: Path) -> None:
    """Changes the file, and nobody but its owner may read it from then on."""
    user = os.geteuid()
    if os.getuid() == 0:
        os.seteuid(0)
    file.write_text(HEAD + entry("a") + "# 改\n", encoding="utf-8")
    file.chmod(0)
    if os.getuid() == 0:
        os.seteuid(user)


def _last_look(app: App) -> float:
    for line in app.metrics.page(None).decode().splitlines():
        if line.startswith('bot_last_success_timestamp_seconds{job="calendar"}'):
            return float(line.rpartition(" ")[2])
    return 0.0
