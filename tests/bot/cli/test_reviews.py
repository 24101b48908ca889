"""`bot reviews`: the list, the record, a reviewer's word."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from bot.app import App
from bot.domain.publication import Hold, State
from bot.domain.review import Level, Said
from bot.ledger import approvals, controls, publications
from bot.ledger.desk_tables import people
from tests.bot.cli.office import Office
from tests.bot.engine.world import key_item, status

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


def test_a_plan_says_before_it_is_taken_over_what_will_be_held(office: Office) -> None:
    """As many as are held then, of which posts, and for which levels; nothing is written."""
    Path("settings.toml").write_text(
        '[review]\nlevels = ["first"]\n'
        '[review.columns]\n"科普" = ["first", "final"]\n"通知" = []\n',
        encoding="utf-8",
    )
    both = {"accounts": ["u01-weibo", "u02-weibo"]}
    s1 = status("s1", at=SOON, column="科普", **both)
    office.write(s1, status("s2", at=SOON, column="通知"), key_item(at=SOON))
    told = office.ask("plan")["unreviewed"]
    assert told == [
        {"post": "k1", "levels": ["first"], "publications": 2},  # its reprints wait for it
        {"post": "s1", "levels": ["first", "final"], "publications": 2},
    ]

    async def untouched(app: App) -> None:
        async with app.core.ledger.read() as conn:
            assert await publications.search(conn) == []
            assert await controls.declared(conn) is None

    async def held_and_approved(app: App) -> None:
        async with app.core.ledger.write() as conn:
            held = await publications.in_states(conn, [State.HELD])
            count = Counter(pub.post for pub in held if pub.reason == Hold.REVIEW)
            assert count == {one["post"]: one["publications"] for one in told}
            (digest,) = {pub.content_hash for pub in held if pub.post == "s1"}
            said: dict[str, Any] = {
                "by": "chu",
                "deputy_of": "",
                "note": "",
                "now": datetime.now(UTC),
            }
            said |= {"level": Level.FIRST, "said": Said.APPROVED}
            await approvals.add(conn, ("s1", digest), **said)

    office.work(untouched)
    shown = [line for line in office.bot("plan").out.splitlines() if "终审" in line]
    assert [("s1" in line, "k1" in line, "2" in line) for line in shown] == [(True, False, True)]
    assert office.ask("plan", "--apply")["unreviewed"] == told
    office.work(held_and_approved)
    again = office.ask("plan")
    assert (again["changes"], again["unreviewed"][1]["levels"]) == ([], ["final"])
    office.write(s1 | {"text": "改过的正文"})
    [edited] = office.ask("plan")["unreviewed"]  # another version, and the key item is taken out
    assert (edited["post"], edited["levels"]) == ("s1", ["first", "final"])
