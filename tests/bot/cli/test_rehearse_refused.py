"""What `bot rehearse` cannot play, it says in a sentence and with the right code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.cli.office import Office
from tests.bot.cli.rehearsing import FILE, played, usage_error
from tests.bot.engine.world import status


def test_a_file_that_is_not_there_or_elsewhere(office: Office) -> None:
    office.write(status())
    elsewhere = office.folder / "2026-07.yaml"
    elsewhere.write_text("posts: []\n", encoding="utf-8")
    assert "2026-08.yaml" in usage_error(office.bot("rehearse", "2026-08.yaml"))
    assert "schedules" in usage_error(office.bot("rehearse", elsewhere))


def test_a_file_that_is_no_calendar(office: Office) -> None:
    office.write(status())
    assert FILE in usage_error(office.bot("rehearse", "roster.yaml"))


def test_a_broken_roster(office: Office) -> None:
    office.write(status())
    (office.schedules / "roster.yaml").write_text("units: [\n", encoding="utf-8")
    assert "roster.yaml" in usage_error(office.bot("rehearse", FILE))


def test_a_file_with_no_post(office: Office) -> None:
    office.write()
    assert FILE in usage_error(office.bot("rehearse", FILE))
    (office.schedules / FILE).write_text("posts: [\n", encoding="utf-8")
    assert "bot check" in usage_error(office.bot("rehearse", FILE))


def test_days_and_durations_that_cannot_be(office: Office) -> None:
    office.write(status())
    for args in (
        ("--from", "2026-06-01"),
        ("--to", "06-05"),
        ("--by-hand", "soon"),
        ("--by-hand", "0h"),
    ):
        assert args[1] in usage_error(office.bot("rehearse", FILE, *args))


def test_a_folder_without_a_calendar(office: Office) -> None:
    (office.folder / "empty").mkdir()
    assert "empty" in usage_error(office.bot("rehearse", office.folder / "empty"))


def test_a_file_of_which_a_part_cannot_be_read(office: Office) -> None:
    """What could be read is played, and the rest is bad news."""
    office.write(status())
    path = office.schedules / FILE
    path.write_text(path.read_text("utf-8") + "- id: s9\n  at: soon\n", encoding="utf-8")
    code, found = played(office)
    assert (code, found["troubles"], found["unread_files"]) == (1, [], [FILE])


@pytest.mark.parametrize(
    "url", ["sqlite:///var/ledger.sqlite3", "postgresql+asyncpg://x:secret@127.0.0.1:1/x"]
)
def test_a_ledger_that_cannot_be_read(
    office: Office, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("BOT_LEDGER__URL", url)
    office.write(status())
    Path("var").mkdir()
    Path("var/ledger.sqlite3").write_bytes(b"no database" * 100)
    said = usage_error(office.bot("rehearse", FILE))
    assert "--blank" in said
    assert "secret" not in said
    assert office.bot("rehearse", FILE, "--blank").code == 0
