"""A ledger with one account and as many publications as a test wants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from bot.domain.post import Kind, Post
from bot.domain.publication import Publication, State, publication_key
from bot.domain.roster import Account, Roster, Unit
from bot.ledger import publications, roster
from bot.ledger.posts import content_hash, encode
from bot.ledger.store import Ledger, open_ledger
from bot.ledger.tables import contents, posts
from tests.pairs import Pair, local_pair

NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=6)
ROSTER = Roster(
    name="澜汀",
    units={"u01": Unit(id="u01", name="澜汀区卫生健康委员会", short="区卫健委")},
    accounts={
        name: Account(
            id=name,
            unit="u01",
            platform="weibo",
            name="健康澜汀",
            verified_name="澜汀区卫生健康委员会",
            filing="澜网备2019-001",
        )
        for name in ("u01-weibo", "u01-second")
    },
)


def url(folder: Path) -> str:
    """The address of the ledger in a test's folder."""
    return f"sqlite:///{folder / 'ledger.sqlite3'}"


@asynccontextmanager
async def ledger(where: Path | Pair) -> AsyncIterator[Ledger]:
    """A new ledger with the roster in it: a file in this folder, or what the pair names."""
    pair = where if isinstance(where, Pair) else local_pair(where)
    opened = await open_ledger(pair.ledger_url)
    try:
        async with opened.write() as conn:
            await roster.save(conn, ROSTER, NOW)
        yield opened
    finally:
        await opened.close()


def post(name: str) -> Post:
    """A post that says its own name."""
    return Post(
        id=name,
        title=f"提示{name}",
        text=f"第{name}条提示。",
        due_at=NOW,
        accounts=("u01-weibo",),
        window=timedelta(hours=6),
    )


async def add(opened: Ledger, count: int, **changes: Any) -> list[int]:
    """Adds this many planned publications; `changes` are columns that shall differ."""
    made = [post(f"p{number}") for number in range(count)]
    async with opened.write() as conn:
        await conn.execute(insert(contents), [_content(one) for one in made])
        await conn.execute(insert(posts), [_stored(one) for one in made])
        return await publications.add(conn, [row(one, **changes) for one in made], NOW)


def _content(one: Post) -> dict[str, Any]:
    return {
        "hash": content_hash(one),
        "post": one.id,
        "body": encode(one),
        "first_seen_at": NOW,
    }


def _stored(one: Post) -> dict[str, Any]:
    names = {"id": one.id, "title": one.title, "column": "", "topic": "", "file": "a.yaml"}
    return {**names, "due_at": NOW, "content_hash": content_hash(one), "key_item": False}


def row(one: Post, **changes: Any) -> dict[str, Any]:
    """A planned publication's columns."""
    account = changes.get("account", "u01-weibo")
    return {
        "post": one.id,
        "account": account,
        "unit": "u01",
        "platform": "weibo",
        "kind": Kind.ORIGINAL.value,
        "method": "publish",
        "key": publication_key(one.id, account),
        "by_hand": False,
        "needs_acceptance": False,
        "state": State.PLANNED.value,
        "reason": "",
        "due_at": NOW,
        "not_after": LATER,
        "offset_s": 0,
        "content_hash": content_hash(one),
        "next_at": NOW,
        "checkpoint": {},
        "pending": {},
        "error": {},
    } | changes


async def get(opened: Ledger, publication: int) -> Publication:
    """One publication as it stands."""
    async with opened.read() as conn:
        found = await publications.get(conn, publication)
    assert found is not None
    return found
