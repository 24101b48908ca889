"""A made-up office: the big matrix with a year behind it, a month of calendar, and its people.

200 key items on 500 accounts (bench/matrix.py), 200,000 items with readings, every publication's
events, the log of a year; a month of posts around now of which some wait for review; one person
logged in for each role; and a burst of posts due at once tomorrow.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Integer, Table, cast, func, insert, literal, select, update

from bench import load, matrix
from bench.load import token_of
from bench.matrix import Size
from bot.app import App, open_app
from bot.domain import matching, normalise, sketch
from bot.domain.people import DeskRole, Person
from bot.domain.problem import has_errors
from bot.domain.publication import State
from bot.domain.review import Level
from bot.domain.roster import Account, Roster
from bot.engine import entrance, plan
from bot.ledger import compared, credentials, people
from bot.ledger.connection import Connection
from bot.ledger.desk_tables import audit as audit_table
from bot.ledger.desk_tables import webhooks
from bot.ledger.tables import accounts, events, items, publications, stats
from bot.settings import Settings

ITEMS = 200_000
LOGGED = 20_000  # what people did in a year
BURST_ACCOUNTS, BURST_POSTS = 50, 20
_A_DAY = 12  # posts of the month
_COLUMNS = ("", "健康提示", "每周科普", "热点")
_REVIEWED = _COLUMNS[2]
_LEFT = timedelta(days=30)  # what is older than that has been dealt with
_AT_ONCE = 5_000
_LINK = "https://jk.lanting.example/"
_TEXT = "【健康提示】勤洗手，常通风，出门记得戴口罩，不适及时就医，别把小病拖成大病。"


@dataclass(frozen=True, kw_only=True)
class Office:
    """Where it is, and who is logged in: role → cookie."""

    folder: Path
    settings: Settings
    cookies: Mapping[str, str]


def settings_of(folder: Path, url: str, *, platform: str, listen: str) -> Settings:
    """Settings that name the folder's files, the ledger and the simulator."""
    parts: dict[str, Any] = {
        "office": {"schedules": folder / "schedules", "write_ids": False},
        "ledger": {"url": url},
        "files": {"handoff": folder / "handoff", "key": folder / "secret.key"},
        "platforms": {"weibo": {"base_url": f"{platform}/weibo"}},
        "review": {"columns": {_REVIEWED: list(Level)}},
        "notify": {"on": False},
        "web": {"listen": listen},
    }
    return Settings(**parts)


def environment_of(settings: Settings) -> Mapping[str, str]:
    """The same settings as variables, for `bot` as a process of its own."""
    return {
        "BOT_SETTINGS": str(settings.office.schedules.parent / "none.toml"),
        "BOT_OFFICE__SCHEDULES": str(settings.office.schedules),
        "BOT_OFFICE__WRITE_IDS": "false",
        "BOT_LEDGER__URL": settings.ledger.url,
        "BOT_FILES__HANDOFF": str(settings.files.handoff),
        "BOT_FILES__KEY": str(settings.files.key),
        "BOT_REVIEW__COLUMNS": json.dumps(
            {name: [*levels] for name, levels in settings.review.columns.items()}
        ),
        "BOT_NOTIFY__ON": "false",
        "BOT_WEB__LISTEN": settings.web.listen,
        "BOT_PLATFORMS__WEIBO__BASE_URL": str(settings.platforms["weibo"]["base_url"]),
    }


@asynccontextmanager
async def opened(folder: Path, settings: Settings, size: Size) -> AsyncIterator[tuple[App, Office]]:
    """The office with everything in it."""
    _write_files(folder / "schedules", size)
    async with open_app(settings) as app:
        reading = app.read()
        if has_errors(reading.problems):
            raise SystemExit(f"the made-up calendar has an error: {reading.problems[0]}")
        await plan.apply(app.core, reading)
        await _authorise(app)
        async with app.core.ledger.write() as conn:
            await _month_went_out(conn, size)
        await matrix.fill(app.core.ledger, size, members=reading.roster)
        async with app.core.ledger.write() as conn:
            await _end_the_old(conn, size)
            await _more_items(conn, reading.roster, size)
            await _happened(conn)
            await _logged(conn, size)
            await settled(conn, size.end)
            cookies = await _log_in(conn, size)
            await conn.execute(insert(webhooks), [_webhook(app, size)])
        yield app, Office(folder=folder, settings=settings, cookies=cookies)


# ── the calendar ──────────────────────────────────────────────────────────────────────────────


def _write_files(folder: Path, size: Size) -> None:
    folder.mkdir()
    members = matrix.members_of(size)
    parts = ["matrix: 测速\nunits:"]
    for unit in members.units.values():
        parts.append(f"  - id: {unit.id}\n    name: {unit.name}\n    short: {unit.short}")
        parts.append("    reprint: auto\n    accounts:")
        own = (one for one in members.accounts.values() if one.unit == unit.id)
        parts += [_account(one) for one in own]
    (folder / "roster.yaml").write_text("\n".join(parts) + "\n", "utf-8")
    month = ["timezone: UTC", "posts:", *_month(_weibo(members), size)]
    (folder / "month.yaml").write_text("\n".join(month) + "\n", "utf-8")
    burst = ["timezone: UTC", "posts:", *_burst(_weibo(members), size)]
    (folder / "burst.yaml").write_text("\n".join(burst) + "\n", "utf-8")


def _weibo(members: Roster) -> list[str]:
    return [one.id for one in members.accounts.values() if one.platform == "weibo"]


def _account(one: Account) -> str:
    options = f', options: {{safe_link: "{_LINK}"}}' if one.platform == "weibo" else ""
    flagship = "true" if one.flagship else "false"
    return (
        f"      - {{id: {one.id}, platform: {one.platform}, name: {one.name}, "
        f"verified_name: {one.verified_name}, filing: 备, flagship: {flagship}{options}}}"
    )


def _month(accounts: list[str], size: Size) -> Iterator[str]:
    begin = size.end - timedelta(days=15)
    a_day = max(_A_DAY * size.accounts // matrix.ACCOUNTS, 2)
    for number in range(30 * a_day):
        at = begin + number * timedelta(days=1) / a_day
        some = [accounts[(number * 3 + more) % len(accounts)] for more in range(4)]
        yield _post(f"m{number:03d}", at, _COLUMNS[number % len(_COLUMNS)], some)


def _burst(accounts: list[str], size: Size) -> Iterator[str]:
    for number in range(BURST_POSTS):
        at = size.end + timedelta(days=1)
        yield _post(f"burst-{number:02d}", at, "", accounts[:BURST_ACCOUNTS], load.text_of(number))


def _post(name: str, at: datetime, column: str, accounts: list[str], text: str = "") -> str:
    column = f"\n    column: {column}" if column else ""
    return f"""  - id: {name}
    at: {at:%Y-%m-%d %H:%M}
    title: 健康提示{name}{column}
    accounts: [{", ".join(accounts)}]
    text: {text or f"{_TEXT}（{name}）"}"""


async def _authorise(app: App) -> None:
    """Gives the accounts of the burst their credentials; the simulator knows them by the token."""
    async with app.core.ledger.write() as conn:
        for number in range(BURST_ACCOUNTS):
            secret = {
                "access_token": token_of(number),
                "uid": f"10{number:08d}",
                "expires_at": "2099-01-01T00:00:00+00:00",
                "rip": "203.0.113.7",
            }
            sealed = app.vault.seal(secret)
            now = app.core.clock.now()
            await credentials.store(conn, f"u{number:03d}-weibo", sealed, expires_at=None, now=now)


# ── what has been ─────────────────────────────────────────────────────────────────────────────


async def _month_went_out(conn: Connection, size: Size) -> None:
    table = publications.c
    link = literal("https://example.org/").concat(table.post).concat("/").concat(table.account)
    await conn.execute(
        update(publications)
        .where(table.due_at < size.end)
        .values(
            state=State.PUBLISHED.value,
            reason="",
            next_at=None,
            commits=1,
            platform_id=table.post.concat("-").concat(table.account),
            url=link,
            published_at=table.due_at,
        )
    )
    names = ("account", "unit", "platform", "platform_id", "url", "kind", "published_at")
    taken = [publications.c[name] for name in names]
    found = select(
        *taken,
        table.id.label("publication"),
        literal("健康提示").label("title"),
        literal(_TEXT).label("text"),
        literal(True).label("by_bot"),
        table.published_at.label("first_seen_at"),
        table.published_at.label("last_seen_at"),
    ).where(table.state == State.PUBLISHED.value)
    await _from(conn, items, found)


async def _from(conn: Connection, table: Table, found: Any) -> None:
    names = [one.name for one in found.selected_columns]
    await conn.execute(insert(table).from_select(names, found))


async def _end_the_old(conn: Connection, size: Size) -> None:
    """What nobody did in time is missed by now."""
    ends = [state.value for state in (State.HELD, State.HANDED_OFF, State.UNKNOWN)]
    table = publications.c
    await conn.execute(
        update(publications)
        .where(table.state.in_(ends), table.not_after < size.end - _LEFT)
        .values(state=State.MISSED.value, reason="window_passed", next_at=None)
    )


async def _more_items(conn: Connection, members: Roster, size: Size) -> None:
    """What the accounts posted besides, up to so many items; and how often each was read."""
    there = int(await conn.scalar(select(func.count()).select_from(items)))
    rows = list(_ordinary(members, size, ITEMS * size.accounts // matrix.ACCOUNTS - there))
    for first in range(0, len(rows), _AT_ONCE):
        await conn.execute(insert(items), rows[first : first + _AT_ONCE])
    times = cast(items.c.id, Integer) % 977
    found = select(
        items.c.id.label("item"),
        items.c.last_seen_at.label("as_of"),
        (times * 13).label("reads"),
        times.label("likes"),
        (times % 50).label("shares"),
        (times % 20).label("comments"),
    )
    await _from(conn, stats, found)


def _ordinary(members: Roster, size: Size, count: int) -> Iterator[Mapping[str, Any]]:
    names, chance = list(members.accounts.values()), Random(7)
    for number in range(max(count, 0)):
        one = names[number % len(names)]
        at = size.start + chance.random() * (size.end - size.start)
        yield {
            "account": one.id,
            "unit": one.unit,
            "platform": one.platform,
            "platform_id": f"o{number}",
            "url": f"https://example.org/o/{number}",
            "title": f"本单位动态{number}",
            "text": _TEXT * 5,
            "kind": "original",
            "by_bot": False,
            "published_at": at,
            "first_seen_at": at,
            "last_seen_at": at,
        }


async def _happened(conn: Connection) -> None:
    """The events of every publication's life."""
    table = publications.c
    steps = (
        ("publication.planned", "", "planned", table.due_at),
        ("publication.queued", "planned", "queued", table.due_at),
        ("publication.ended", "queued", None, table.due_at),
    )
    known = select(events.c.publication)
    for name, before, after, at in steps:
        found = select(
            table.id.label("publication"),
            at.label("at"),
            literal(name).label("name"),
            literal(before).label("from_state"),
            (table.state if after is None else literal(after)).label("to_state"),
            literal({}, events.c.facts.type).label("facts"),
        ).where(table.id.not_in(known) if not before else table.post.like("2026-%"))
        await _from(conn, events, found)


async def settled(conn: Connection, now: datetime) -> None:
    """Everything is read and compared: a bot that starts has nothing to do but what comes due."""
    await conn.execute(update(items).values(sketched=sketch.VERSION))
    rules = f"{matching.RULE_VERSION}.{normalise.VERSION}"
    await compared.note(conn, await compared.key_items(conn, rules))
    await conn.execute(update(accounts).values(tried_at=now, swept_at=now, read_until=now))


async def _logged(conn: Connection, size: Size) -> None:
    every = (size.end - size.start) / LOGGED
    actions = ("login", "task.answered", "post.saved", "item.exempted", "review.approved")
    rows = [
        {
            "at": size.start + number * every,
            "by": "officer",
            "action": actions[number % len(actions)],
            "subject": f"m{number % 360:03d}",
            "facts": {"reason": "不相关"},
            "address": "10.0.0.7",
        }
        for number in range(LOGGED * size.accounts // matrix.ACCOUNTS)
    ]
    for first in range(0, len(rows), _AT_ONCE):
        await conn.execute(insert(audit_table), rows[first : first + _AT_ONCE])


def _webhook(app: App, size: Size) -> Mapping[str, Any]:
    return {
        "url": "https://example.org/hook",
        "secret": app.vault.seal({"secret": "0"}),
        "events": [],
        "by": "administrator",
        "made_at": size.start,
    }


async def _log_in(conn: Connection, size: Size) -> Mapping[str, str]:
    cookies = {}
    for role in DeskRole:
        person = Person(
            login=role.value,
            name=role.value,
            roles=frozenset({role}),
            unit="u002" if role is DeskRole.LIAISON else "",
            levels=frozenset(Level) if role is DeskRole.REVIEWER else frozenset(),
            made_at=size.start,
        )
        await people.add(conn, person)
        now = datetime.now(UTC)
        entered = await entrance.begin(conn, person, address="127.0.0.1", now=now)
        cookies[role.value] = entered.cookie
    return cookies
