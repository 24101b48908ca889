"""A ledger of a big matrix: 500 accounts of 200 units, and a year's 200 key items on all of them.

Most is carried by the bot, a fifth by hand and told by a verdict; the rest waits, failed, was
missed or cannot be read. Two accounts in a hundred have a hole in their readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Table, func, insert, select, text, update

from bot.domain.post import Post
from bot.domain.publication import State, publication_key
from bot.domain.roster import Account, ReprintPolicy, Roster, Unit
from bot.ledger import roster
from bot.ledger.connection import Connection, one_writer
from bot.ledger.posts import encode
from bot.ledger.store import Ledger
from bot.ledger.tables import (
    accounts,
    contents,
    exemptions,
    items,
    posts,
    publications,
    verdicts,
)

NOW = datetime(2026, 12, 31, 4, 0, tzinfo=UTC)
UNITS, ACCOUNTS, KEY_ITEMS = 200, 500, 200
_START = datetime(2026, 1, 2, 2, 0, tzinfo=UTC)
_TEXT = "健康提示：勤洗手，常通风，科学佩戴口罩。" * 20
_PLATFORMS = ("wechat", "weibo", "website")
_HASH = "0" * 60
_AT_ONCE = 5_000
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How big a matrix."""

    units: int = UNITS
    accounts: int = ACCOUNTS
    key_items: int = KEY_ITEMS
    start: datetime = _START  # of the year

    @property
    def end(self) -> datetime:
        """Up to when everything is known."""
        return self.start + (NOW - _START)


async def fill(ledger: Ledger, size: Size, *, seed: int = 6, members: Roster | None = None) -> None:
    """Enters the roster, the key items, and what became of each on every account."""
    chance = Random(seed)
    members = members or members_of(size)
    names = list(members.accounts.values())
    start = size.start
    async with ledger.write() as conn:
        await roster.save(conn, members, start)
        await conn.execute(update(accounts).values(read_from=start, read_until=size.end))
        hole = [[(start + timedelta(days=9)).isoformat(), (start + timedelta(days=99)).isoformat()]]
        holed = [one.id for one in names[7::50]]
        await conn.execute(update(accounts).where(accounts.c.id.in_(holed)).values(read_gaps=hole))
        rows = list(_posts(size))
        await conn.execute(insert(posts), rows)
        await conn.execute(insert(contents), [_content(row) for row in rows])
        await conn.execute(insert(exemptions), list(_exempt(rows, size, chance)))
        cells = [pair for row in rows for pair in _row(row, names, chance)]
        first = await _next(conn, publications)
        pubs = [{**pub, "id": key} for key, (pub, _by) in enumerate(cells, first)]
        seen = [_item(pub, by, chance) for pub, (_pub, by) in zip(pubs, cells, strict=True) if by]
        first = await _next(conn, items)
        seen = [{**item, "id": key} for key, item in enumerate(seen, first)]
        by_post = {row["id"]: row for row in rows}
        found = [_verdict(by_post, item) for item in seen if not item["by_bot"]]
        for table, many in ((publications, pubs), (items, seen), (verdicts, found)):
            for first in range(0, len(many), _AT_ONCE):
                await conn.execute(insert(table), many[first : first + _AT_ONCE])
        await numbered_on(conn, publications, items)
        await conn.execute(text("ANALYZE"))  # as its own housekeeping would have done by then


async def _next(conn: Connection, table: Table) -> int:
    return int(await conn.scalar(select(func.coalesce(func.max(table.c.id), 0)))) + 1


async def numbered_on(conn: Connection, *tables: Table) -> None:
    """Has rows to come numbered after those that brought their own numbers along."""
    if one_writer(conn):
        return  # SQLite does so by itself
    for table in tables:
        name = func.pg_get_serial_sequence(table.name, "id")
        await conn.execute(select(func.setval(name, await _next(conn, table))))


def members_of(size: Size) -> Roster:
    """Units with two or three accounts each."""
    units = {
        f"u{number:03d}": Unit(id=f"u{number:03d}", name=f"单位{number}", short=f"单位{number}")
        for number in range(size.units)
    }
    ids = list(units)
    made = {}
    for number in range(size.accounts):
        unit, platform = ids[number % size.units], _PLATFORMS[number // size.units % 3]
        made[f"{unit}-{platform}"] = Account(
            id=f"{unit}-{platform}",
            unit=unit,
            platform=platform,
            name=f"单位{number}",
            verified_name=units[unit].name,
            filing="备",
            flagship=number == 0,
            reprint=ReprintPolicy.AUTO,
        )
    return Roster(name="测速", units=units, accounts=made)


def _posts(size: Size) -> Iterator[Row]:
    every = timedelta(days=360) / size.key_items
    for number in range(size.key_items):
        due = size.start + number * every
        yield {
            "id": f"2026-key-item-{number:03d}",
            "title": f"重点稿件{number}",
            "due_at": due,
            "content_hash": f"{_HASH}{number:04d}",
            "column": "",
            "topic": "notice",
            "file": "2026.yaml",
            "key_item": True,
            "deadline_at": due + timedelta(hours=24),
            "first_release_at": due,
        }


def _content(post: Row) -> Row:
    return {
        "hash": post["content_hash"],
        "post": post["id"],
        "body": encode(_post(post)),
        "first_seen_at": post["due_at"],
    }


def _post(row: Row) -> Post:
    return Post(
        id=row["id"],
        title=row["title"],
        due_at=row["due_at"],
        accounts=(),
        window=timedelta(days=2),
        body=_TEXT,
        text=_TEXT[:100],
    )


def _exempt(rows: Sequence[Row], size: Size, chance: Random) -> Iterator[Row]:
    for row in rows:
        for number in chance.sample(range(1, size.units), min(3, size.units - 1)):
            yield {
                "post": row["id"],
                "unit": f"u{number:03d}",
                "reason": "不相关",
                "by": "宣传科",
                "at": row["due_at"],
            }


def _row(post: Row, names: Sequence[Account], chance: Random) -> Iterator[tuple[Row, str]]:
    """All accounts' cells; one unit in twelve carries the key item nowhere."""
    idle = {unit for unit in sorted({one.unit for one in names}) if chance.random() < 1 / 12}
    for one in names:
        fate = 0.0 if one.flagship else 1.0 if one.unit in idle else chance.random()
        yield _cell(post, one, fate, chance)


def _cell(post: Row, account: Account, fate: float, chance: Random) -> tuple[Row, str]:
    """The publication, and by what it was carried: "bot", "hand" or ""."""
    late = timedelta(hours=chance.choice([1, 2, 5, 20, 30]))
    at = post["due_at"] if account.flagship else post["due_at"] + late
    row: dict[str, Any] = {
        "post": post["id"],
        "account": account.id,
        "unit": account.unit,
        "platform": account.platform,
        "kind": "original" if account.flagship else "reprint",
        "method": "publish",
        "key": publication_key(post["id"], account.id),
        "by_hand": False,
        "needs_acceptance": False,
        "state": State.PUBLISHED.value,
        "reason": "",
        "due_at": at,
        "not_after": at + timedelta(days=2),
        "content_hash": post["content_hash"],
        "next_at": None,
        "commits": 1,
        "checkpoint": {},
        "pending": {},
        "error": {},
        "platform_id": f"{post['id']}-{account.id}",
        "url": f"https://example.org/{post['id']}/{account.id}",
        "published_at": at,
    }
    if fate < 0.6:
        return row, "bot"
    none = {"commits": 0, "platform_id": "", "url": "", "published_at": None}
    if fate < 0.85:
        return row | none | {"state": "cancelled", "reason": "carried_by_hand"}, "hand"
    ends = (
        *(("missed", "window_passed"), ("held", "unit_must_accept"), ("failed", "rejected")),
        *(("handed_off", ""), ("unknown", "platform_cannot_tell"), ("cancelled", "declined")),
    )
    state, reason = chance.choice(ends)
    return row | none | {"state": state, "reason": reason}, ""


def _item(pub: Row, by: str, chance: Random) -> Row:
    at = pub["due_at"]
    return {
        "account": pub["account"],
        "unit": pub["unit"],
        "platform": pub["platform"],
        "platform_id": f"{pub['post']}-{pub['account']}",
        "url": f"https://example.org/{pub['post']}/{pub['account']}",
        "title": "重点稿件",
        "text": _TEXT,
        "kind": pub["kind"],
        "by_bot": by == "bot",
        "publication": pub["id"] if by == "bot" else None,
        "published_at": at,
        "first_seen_at": at,
        "last_seen_at": at,
        "deleted_at": at + timedelta(days=3) if chance.random() < 0.01 else None,
    }


def _verdict(by_post: Mapping[str, Row], item: Row) -> Row:
    post, _sep, _account = item["platform_id"].partition("-u")
    doubtful = item["id"] % 25 == 0
    return {
        "item": item["id"],
        "post": post,
        "account": item["account"],
        "published_at": item["published_at"],
        "at": item["first_seen_at"],
        "level": "D" if doubtful else "C",
        "decision": "doubtful" if doubtful else "reprinted",
        "rule": "cut" if doubtful else "contained",
        "rule_version": 1,
        "source_ok": True,
        "scores": {"c": 0.9},
        "passages": ["勤洗手，常通风"],
        "content_hash": by_post[post]["content_hash"],
    }
