"""The administrator enters people, changes what they may, and keeps them out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.ledger import audit
from tests.bot.engine.world import open_world, status
from tests.bot.web.visitors import Desk, open_desk

GOOD = "三审三校不能少 2026"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_world(tmp_path) as world, open_desk(world) as opened:
        yield opened


async def test_a_new_person_gets_a_link_once_and_does_what_the_role_allows(desk: Desk) -> None:
    await desk.world.plan(status())
    admin = await desk.visitor("administrator")
    made = await admin.post(
        "/settings/people", login="chen", name="陈<b>", roles=["liaison"], unit="u02"
    )
    assert made.status == 200
    (link,) = made.all("#link")
    assert (await admin.get("/settings/people")).all("#link") == []
    newcomer = await desk.stranger()
    path = link.removeprefix(desk.url)
    done = await newcomer.ask("POST", path, data={"password": GOOD, "again": GOOD})
    assert done.status == 303
    assert (await newcomer.get("/")).status == 200
    assert (await newcomer.get("/settings/people")).status == 403
    changed = await admin.post(
        "/settings/people/chen", name="陈", roles=["administrator"], unit="u02"
    )
    assert changed.status == 303
    assert (await newcomer.get("/settings/people")).status == 200
    assert (await admin.post("/settings/people/chen/end")).status == 303
    assert (await newcomer.get("/")).status == 303  # to the login
    again = await newcomer.ask("POST", "/login", data={"login": "chen", "password": GOOD})
    assert again.status == 401
    assert (await admin.post("/settings/people/chen/invite")).status == 422
    assert (await admin.post("/settings/people/chen/restore")).status == 303
    back = await newcomer.ask("POST", "/login", data={"login": "chen", "password": GOOD})
    assert back.status == 303
    async with desk.app.core.ledger.read() as conn:
        log = await audit.entries(conn, subject="chen")
    assert [one.action for one in reversed(log)] == [
        "person.added",
        "person.changed",
        "person.ended",
        "login.refused",
        "person.restored",
    ]
    assert {one.by for one in log if one.action != "login.refused"} == {"administrator"}
    assert GOOD not in str(log)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"login": "陈", "name": "陈", "roles": ["officer"]}, "login"),
        ({"login": "administrator", "name": "陈", "roles": ["officer"]}, "login"),
        ({"login": "chen", "name": "", "roles": ["officer"]}, "name"),
        ({"login": "chen", "name": "长" * 61, "roles": ["officer"]}, "name"),
        ({"login": "chen", "name": "陈", "roles": []}, "roles"),
        ({"login": "chen", "name": "陈", "roles": ["king"]}, "roles"),
        ({"login": "chen", "name": "陈", "roles": ["liaison"]}, "unit"),
        ({"login": "chen", "name": "陈", "roles": ["liaison"], "unit": "u99"}, "unit"),
        ({"login": "chen", "name": "陈", "roles": ["reviewer"]}, "levels"),
        ({"login": "chen", "name": "陈", "roles": ["reviewer"], "levels": ["fourth"]}, "levels"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_kept(
    desk: Desk, typed: dict[str, object], field: str
) -> None:
    admin = await desk.visitor("administrator")
    page = await admin.post("/settings/people", **typed)
    assert page.status == 422
    assert page.all(f"#fault-{field}") != []
    assert page.value("name") == typed["name"]
    assert (await admin.post("/settings/people/nobody", **typed)).status == 404


async def test_nobody_locks_out_themselves(desk: Desk) -> None:
    admin = await desk.visitor("administrator")
    own = "/settings/people/administrator"
    assert (await admin.post(f"{own}/end")).status == 422
    page = await admin.post(own, name="管理员", roles=["officer"])
    assert page.status == 422
    assert (await admin.get("/settings/people")).status == 200


async def test_settings_are_shown_without_their_secrets(desk: Desk) -> None:
    admin = await desk.visitor("administrator")
    page = await admin.get("/settings")
    assert "[office]" in page.all("h2")
    assert "Asia/Shanghai" in page.words


async def test_a_freeze_needs_a_reason_and_ends_by_hand(desk: Desk) -> None:
    officer = await desk.visitor("officer")
    assert (await officer.post("/freeze", reason=" ")).status == 422
    page = await officer.follow(await officer.post("/freeze", reason="区里的纪念活动"))
    assert "区里的纪念活动" in page.words
    await officer.post("/freeze/end")
    assert "区里的纪念活动" not in (await officer.get("/freeze")).words
