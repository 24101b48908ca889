"""`bot reviews`: the list, the record, a reviewer's word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from bot.app import App
from bot.ledger.desk_tables import people
from tests.bot.cli.office import Office
from tests.bot.engine.world import status

SOON = f"{datetime.now(UTC) + timedelta(days=40):%Y-%m-%d} 10:00"


async def enrol(app: App) -> None:
    async with app.core.ledger.write() as conn:
        for login, level in (("chu", "first"), ("zhong", "final")):
            values = {"login": login, "name": login, "roles": ["reviewer"], "levels": [level]}
            await conn.execute(insert(people).values(**values, made_at=datetime.now(UTC)))


def test_a_post_on_its_way_through_two_levels(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused, approved after all, approved; then nothing waits any more."""
    monkeypatch.setenv("BOT_REVIEW__LEVELS", '["final", "first"]')
    office.write(status("s1", at=SOON))
    assert office.bot("plan", "--apply").code == 0
    office.work(enrol)
    ran = office.bot("reviews", "list", "--format", "json")
    [waiting] = ran.document["reviews"]
    assert (ran.code, waiting["state"], waiting["next_level"]) == (1, "waiting", "first")
    assert [one["level"] for one in waiting["levels"]] == ["first", "final"]
    told = ("s1", "--level", "first", "--by", "chu")
    no = office.ask("reviews", "refuse", *told, "--note", "剂量写错了")
    assert (no["state"], no["levels"][0]["note"]) == ("refused", "剂量写错了")
    for version, code in (("0000", 2), (waiting["version"][:8], 0)):
        assert office.bot("reviews", "approve", *told, "--version", version).code == code
    assert "s1" in office.bot("reviews", "list").out
    done = office.ask("reviews", "approve", "s1", "--level", "final", "--by", "zhong")
    assert (done["state"], done["next_level"]) == ("approved", None)
    shown = office.ask("reviews", "show", "s1")
    assert [one["said"] for one in shown["said"]] == ["refused", "approved", "approved"]
    assert "剂量写错了" in office.bot("reviews", "show", "s1").out
    assert {one["field"] for one in shown["changes"]} >= {"title", "text"}  # all of it is new
    assert office.bot("reviews", "approve", "s9", "--level", "first", "--by", "chu").code == 2
