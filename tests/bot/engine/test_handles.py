"""Links for tasks: signed, for one use, for a time; one use and the decision are one."""

from __future__ import annotations

import asyncio
import string
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.app import App
from bot.domain.publication import State
from bot.domain.tasks import Answer, Said, Task, TaskKind
from bot.engine import handles, people, tasks
from bot.engine.handles import Fate, Link
from bot.ledger import publications
from bot.ledger.credentials import Vault
from tests.bot.engine.world import START, TEN, World, key_item, open_world, roster
from tests.pairs import Pair

YES = Answer(said=Said.AGREED)
NO = Answer(said=Said.DECLINED, text="本周已有同类内容")
CONFIRM = roster(u02_wechat={"reprint": "confirm"})


@asynccontextmanager
async def asked(folder: Path, pair: Pair | None = None) -> AsyncIterator[World]:
    """One key item is out; u02 must say whether it reprints it."""
    async with open_world(folder, CONFIRM, pair=pair) as opened:
        await opened.plan(key_item())
        await opened.run(until=TEN)
        yield opened


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with asked(tmp_path) as opened:
        yield opened


async def the_task(world: World) -> Task:
    async with world.app.core.ledger.read() as conn:
        (task,) = await tasks.open_tasks(conn)
    return task


async def new_token(world: World, task: Task | None = None) -> str:
    """The last part of a new link."""
    task = task or await the_task(world)
    async with world.app.core.ledger.write() as conn:
        link = await handles.link_of(
            conn,
            task,
            public_url="https://bot.example/",
            sign=world.app.vault.sign,
            now=world.clock.now(),
        )
    assert link.startswith("https://bot.example/t/")
    return link.removeprefix("https://bot.example/t/")


async def use(world: World, token: str, answer: Answer = YES, *, app: App | None = None) -> Link:
    app = app or world.app
    return await handles.use(
        app.core, token, answer, sign=world.app.vault.sign, address="192.0.2.7"
    )


async def look(world: World, token: str) -> Fate:
    async with world.app.core.ledger.read() as conn:
        link = await handles.look(conn, token, sign=world.app.vault.sign, now=world.clock.now())
    return link.fate


async def test_one_use_ends_every_link_of_the_task(world: World) -> None:
    task = await the_task(world)
    assert (task.kind, task.unit, task.account) == (TaskKind.ACCEPT, "u02", "u02-wechat")
    first, second = await new_token(world), await new_token(world)
    assert first != second
    assert {await look(world, first), await look(world, second)} == {Fate.OPEN}
    assert (await world.events("k1@u02-wechat"))[-1] == "held"  # looking changed nothing
    done = await use(world, second)
    assert done.fate is Fate.USED
    assert done.handle is not None
    assert (done.handle.used_for, done.handle.used_from) == ("agreed", "192.0.2.7")
    assert (await world.pub("k1@u02-wechat")).accepted_by == "liaison of u02 by link"
    again = await use(world, first, NO)
    assert again.fate is Fate.USED
    assert again.handle is not None
    assert (again.handle.used_for, again.handle.used_at) == ("agreed", done.handle.used_at)
    assert again.handle.used_from == ""
    await world.run(until=TEN + timedelta(hours=3))
    assert await world.state("k1@u02-wechat") is State.PUBLISHED


async def test_two_at_once_decide_one_thing(tmp_path: Path, pair: Pair) -> None:
    """From two processes, with two links each: one wins and the others are told."""
    async with asked(tmp_path, pair) as world, AsyncExitStack() as stack:
        tokens = [await new_token(world), await new_token(world)]
        other = await world.second_bot(stack)
        answers = [
            use(world, token, answer, app=app)
            for app in (world.app, other)
            for token, answer in zip(tokens, (YES, NO), strict=True)
        ]
        links = await asyncio.gather(*answers)
        events = await world.events("k1@u02-wechat")
    assert [name for name in events if name in {"accepted", "cancelled"}] == [events[-1]]
    said = {link.handle.used_for for link in links if link.handle is not None}
    assert {link.fate for link in links} == {Fate.USED}
    assert said == {"agreed" if events[-1] == "accepted" else "declined"}


async def test_a_task_that_ended_otherwise_or_whose_time_is_over(world: World) -> None:
    token = await new_token(world)
    await people.decline(world.app.core, await world.pub("k1@u02-wechat"), by="陈", reason="停更")
    assert await look(world, token) is Fate.ENDED
    assert (await use(world, token)).fate is Fate.ENDED
    assert await world.state("k1@u02-wechat") is State.CANCELLED
    await people.retry(world.app.core, await world.pub("k1@u02-wechat"), by="陈")
    await world.run(until=TEN + timedelta(minutes=1))
    # The same task once more: the link that nobody used opens it, until its time is over.
    assert await look(world, token) is Fate.OPEN
    world.clock.set(TEN + timedelta(days=7))
    assert await look(world, token) is Fate.EXPIRED
    assert (await use(world, token)).fate is Fate.EXPIRED


async def test_an_answer_that_does_not_fit_leaves_everything_as_it_was(world: World) -> None:
    token = await new_token(world)
    before = await world.history("k1@u02-wechat")
    for answer, field in (
        (Answer(said=Said.DECLINED, text="  "), "text"),
        (Answer(said=Said.DECLINED, text="长" * 501), "text"),
        (Answer(said=Said.REPORTED, url="https://mp.weixin.qq.com/s/x"), "said"),
    ):
        link = await use(world, token, answer)
        assert (link.fate, set(link.faults)) == (Fate.OPEN, {field})
    assert await world.history("k1@u02-wechat") == before
    assert (await use(world, token, NO)).fate is Fate.USED
    pub = await world.pub("k1@u02-wechat")
    assert (pub.state, pub.reason) == (State.CANCELLED, "declined")


async def test_a_link_of_another_office(world: World) -> None:
    """Made with our key for a ledger that is not ours, or with another key: strange both."""
    task = await the_task(world)
    other = Vault(Fernet.generate_key().decode())
    async with world.app.core.ledger.write() as conn:
        link = await handles.link_of(
            conn, task, public_url="https://x.example", sign=other.sign, now=START
        )
        kept = await publications.get(conn, task.ref)
    assert await look(world, link.rpartition("/")[2]) is Fate.STRANGE
    token = await new_token(world)
    async with world.app.core.ledger.write() as conn:
        await conn.execute(text("DELETE FROM handles"))
    assert await look(world, token) is Fate.STRANGE
    assert (await use(world, token)).fate is Fate.STRANGE
    assert await world.pub("k1@u02-wechat") == kept


_VAULT = Vault("0" * 43 + "=")
_SIGNS = string.ascii_letters + string.digits + "-_.~%/ é"


class _NoLedger:
    """Fails when a forged link gets as far as being looked for."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(name)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), number=st.integers(1, 10**6), kind=st.sampled_from(list(TaskKind)))
def test_any_changed_character_is_refused(data: st.DataObject, number: int, kind: TaskKind) -> None:
    said = f"{kind.value}-{number}.6a0b1c2d.{'0f' * 12}"
    token = f"{said}.{_VAULT.sign(f'task link {said}')}"
    where = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.sampled_from([one for one in _SIGNS if one != token[where]]))
    how = data.draw(st.sampled_from(["change", "drop", "add"]))
    rest = token[where + (how != "add") :]
    forged = token[:where] + ("" if how == "drop" else sign) + rest
    if forged == token:  # one of two equal neighbours was dropped … never, or added
        return
    conn = _NoLedger()
    link = asyncio.run(
        handles.look(conn, forged, sign=_VAULT.sign, now=START)  # type: ignore[arg-type]
    )
    assert link.fate is Fate.STRANGE


def test_a_mark_of_another_purpose_opens_nothing() -> None:
    token = "accept-1.6a0b1c2d.00"
    for mark in (_VAULT.sign(token), _VAULT.sign(f"task form {token}"), _VAULT.sign("")):
        link = asyncio.run(
            handles.look(
                _NoLedger(),  # type: ignore[arg-type]
                f"{token}.{mark}",
                sign=_VAULT.sign,
                now=START,
            )
        )
        assert link.fate is Fate.STRANGE


def test_a_form_holds_for_its_link_and_for_half_a_day() -> None:
    form = handles.form_token("one", seen="a1", sign=_VAULT.sign, now=START)
    assert handles.form_seen(form, "one", sign=_VAULT.sign, now=START) == "a1"
    plain = handles.form_token("one", seen="", sign=_VAULT.sign, now=START)
    assert handles.form_seen(plain, "one", sign=_VAULT.sign, now=START) == ""
    assert handles.form_seen(form, "two", sign=_VAULT.sign, now=START) is None
    late = START + timedelta(hours=12)
    assert handles.form_seen(form, "one", sign=_VAULT.sign, now=late) is None
    for forged in ("", ".", "é.é", form[:-1], f"f{form}", form.replace(".a1.", ".a2.")):
        assert handles.form_seen(forged, "one", sign=_VAULT.sign, now=START) is None
