"""Takes over what a platform gives by export only: items, counters, and what the file proves.

All of a file or nothing of it, in one transaction. A file may be taken over again at any time, and
a later one may overlap it: what is known already is brought up to date, never doubled.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.matching import Verdict
from bot.domain.normalise import canonical_url, normalise
from bot.domain.problem import Problem, has_errors
from bot.domain.readings import Read, joined
from bot.domain.roster import Account, Roster
from bot.engine import comparing
from bot.engine.comparing import Known
from bot.engine.export_sheet import COUNTERS, ExportRow, Sheet, SheetMapping, read_export
from bot.engine.ports import Core
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import imports, items, roster
from bot.ledger.connection import Connection
from bot.ledger.roster import Health
from bot.logs import get_logger

log = get_logger(__name__)
_NEAR = timedelta(hours=36)  # a person's report of a link may give another time than the platform
_SAME_MINUTE = timedelta(minutes=2)
_LEAST_WORDS = 6  # characters of a title that tell anything
_KEY_ITEM_LIFE = timedelta(days=60)
_TITLE = 60  # characters of a caption that stand for its title


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a person asks for."""

    file: str  # its name
    raw: bytes
    account: str
    mapping: SheetMapping
    by: str
    as_of: datetime  # when the platform counted
    covers: tuple[datetime, datetime] | None = None  # all the account posted in it is in the file
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came of it, or would."""

    problems: Sequence[Problem]
    rows: int = 0
    new: int = 0
    updated: int = 0
    same: int = 0
    counted: int = 0  # items with new counters
    matched: int = 0  # verdicts about key items that are new
    hidden: int = 0
    ahead: int = 0
    day_only: int = 0
    known: bool = False  # this very file was taken over before
    read: Read = field(default_factory=Read)  # what is known of the account afterwards


class _Undone(Exception):
    """Ends a transaction that was only tried."""


async def take_over(core: Core, order: Order, zone: ZoneInfo) -> Imported:
    """Takes an export over; with problems nothing of it. Raises UsageError for a wrong account."""
    now = core.clock.now()
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        account = _account(core, members, order)
    sheet = await asyncio.to_thread(read_export, order.raw, order.file, order.mapping, zone, now)
    if has_errors(sheet.problems):
        return Imported(problems=sheet.problems, rows=len(sheet.rows))
    _refuse_nameless(core, account, sheet.rows)
    known = await _key_items(core, members, sheet.rows)
    found = _judged(sheet.rows, account, members, known)
    done = Imported(problems=())
    try:
        async with core.ledger.write() as conn:
            done = await _enter(conn, order, account, sheet, found, known, now)
            if order.dry_run:
                raise _Undone
    except _Undone:
        return done
    log.info("import.done", account=account.id, new=done.new, updated=done.updated)
    return done


def _account(core: Core, members: Roster, order: Order) -> Account:
    account = members.accounts.get(order.account)
    if account is None:
        raise UsageError(
            _("There is no account {account}. `bot accounts list` shows all.").format(
                account=order.account
            )
        )
    return account


def _refuse_nameless(core: Core, account: Account, rows: Sequence[ExportRow]) -> None:
    """An account the bot reads itself would have such items twice."""
    nameless = next((row for row in rows if not (row.id or row.url)), None)
    if nameless is not None and core.platforms.capabilities(account).recent:
        raise UsageError(
            _(
                "The bot reads {account} itself. An export can add to that only where each row has "
                "the platform's id or a link; {place} has neither."
            ).format(account=account.id, place=nameless.place)
        )


async def _key_items(core: Core, members: Roster, rows: Sequence[ExportRow]) -> Known | None:
    if not rows:
        return None
    first, last = min(row.at for row in rows), max(row.at for row in rows)
    async with core.ledger.read() as conn:
        return await comparing.known(
            conn, members, since=first - _KEY_ITEM_LIFE, until=last + timedelta(days=1)
        )


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A row as the comparison with key items sees an item."""

    title: str
    text: str
    published_at: datetime
    url: str
    source_url: str = ""
    repost_of: str = ""


def _judged(
    rows: Sequence[ExportRow], account: Account, members: Roster, known: Known | None
) -> list[list[Verdict]]:
    """What each row is to the key items; before the ledger is locked, since it is work."""
    if known is None:
        return [[] for _row in rows]
    return [
        comparing.judge(
            _Candidate(title=_title(row), text=_text(row), published_at=row.at, url=row.url),
            account,
            members,
            known,
        )
        for row in rows
    ]


def _title(row: ExportRow) -> str:
    """A caption's first line where there is no title."""
    return row.title or row.text.strip().split("\n")[0][:_TITLE]


def _text(row: ExportRow) -> str:
    return row.text


async def _enter(
    conn: Connection,
    order: Order,
    account: Account,
    sheet: Sheet,
    found: Sequence[Sequence[Verdict]],
    known: Known | None,
    now: datetime,
) -> Imported:
    owner = await imports.lock(conn, account.id)
    health = (await roster.health(conn))[account.id]
    sha256 = hashlib.sha256(order.raw).hexdigest()
    earlier = [
        one
        for one in await imports.every(conn, account=account.id)
        if one.sha256 == sha256 and one.mapping == order.mapping.name
    ]
    entered = await _items(conn, owner, sheet.rows, now, min(order.as_of, now))
    counted = await _counters(conn, sheet.rows, entered.ids, order.as_of)
    matched = await _verdicts(conn, entered.ids, found, known, now)
    read, covers = await _cover(conn, account, health, order, now)
    if not earlier or covers not in [(one.covers_from, one.covers_until) for one in earlier]:
        await imports.add(
            conn,
            file=order.file,
            sha256=sha256,
            account=account.id,
            mapping=order.mapping.name,
            by=order.by,
            at=now,
            rows=len(sheet.rows),
            new=entered.new,
            updated=entered.updated,
            covers_from=covers[0],
            covers_until=covers[1],
        )
    return Imported(
        problems=sheet.problems,
        rows=len(sheet.rows),
        new=entered.new,
        updated=entered.updated,
        same=len(sheet.rows) - entered.new - entered.updated,
        counted=counted,
        matched=matched,
        hidden=sheet.hidden,
        ahead=sheet.ahead,
        day_only=sum(row.day_only for row in sheet.rows),
        known=bool(earlier),
        read=read,
    )


# ── items ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class _Entered:
    ids: Sequence[int]  # of the items, by row
    new: int
    updated: int


async def _items(
    conn: Connection, owner: Any, rows: Sequence[ExportRow], now: datetime, as_of: datetime
) -> _Entered:
    """Enters the rows. An export tells nothing about what came after `as_of`, when it was made."""
    if not rows:
        return _Entered(ids=(), new=0, updated=0)
    known = _Items(await _known(conn, owner.id, rows))
    ids, new, changed = [], set(), set()
    for row in rows:
        item = known.same_as(row)
        if item is None:
            key = await imports.enter(conn, **_values(owner, row, now))
            known.add((await imports.rows(conn, [key]))[0], row)
            new.add(key)
            ids.append(key)
            continue
        news = _news(item, row, as_of)
        if news:
            changed.add(item.id)
        seen_at = max(item.last_seen_at, as_of)
        await imports.amend(conn, item.id, {**news, "last_seen_at": seen_at})
        known.add(item, row)
        ids.append(item.id)
    return _Entered(ids=ids, new=len(new), updated=len(changed - new))


async def _known(conn: Connection, account: str, rows: Sequence[ExportRow]) -> list[Any]:
    return await imports.known(
        conn,
        account,
        names={name for row in rows for name in (row.id, row.url, row.made_id) if name},
        urls={row.url for row in rows if row.url},
        since=min(row.at for row in rows) - _NEAR,
        until=max(row.at for row in rows) + _NEAR,
    )


class _Items:
    """The account's items, found by whatever an export tells of them."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._all = {row.id: row for row in rows}
        self._names: dict[str, int] = {}
        self._taken: set[int] = set()  # a row of this file is this item
        for row in self._all.values():
            self._name(row)

    def _name(self, item: Any) -> None:
        self._names[item.platform_id] = item.id
        if url := canonical_url(item.url):
            self._names.setdefault(url, item.id)

    def add(self, item: Any, row: ExportRow) -> None:
        """Notes that `row` is `item`: another row of the file may tell of it again."""
        self._all.setdefault(item.id, item)
        self._taken.add(item.id)
        for name in (row.id, canonical_url(row.url), "" if row.id else row.made_id):
            if name:
                self._names[name] = item.id

    def same_as(self, row: ExportRow) -> Any | None:
        """The item a row tells of: by the platform's id, the link, or an earlier import's name.

        Else by time and words, where it is only one and no other row of the file.
        """
        for name in (row.id, canonical_url(row.url), row.made_id):
            if name and name in self._names:
                return self._all[self._names[name]]
        alike = [
            item
            for item in self._all.values()
            if item.id not in self._taken and _is_alike(item, row)
        ]
        return alike[0] if len(alike) == 1 else None


def _is_alike(item: Any, row: ExportRow) -> bool:
    """The same words at about the same time, and no two names that contradict each other."""
    named = not item.platform_id.startswith("row:") and item.platform_id != item.url
    if row.id and named:
        return False
    reported = item.publication is not None or item.platform_id == item.url
    gap = abs(item.published_at - row.at)
    if gap > (_NEAR if reported or row.day_only else _SAME_MINUTE):
        return False
    then, now = normalise(item.title), normalise(f"{row.title} {row.text}")
    shorter, longer = sorted((then, now), key=len)
    return len(shorter) >= _LEAST_WORDS and shorter in longer


def _values(owner: Any, row: ExportRow, now: datetime) -> dict[str, object]:
    return {
        "account": owner.id,
        "unit": owner.unit,
        "platform": owner.platform,
        "platform_id": row.id or row.url or row.made_id,
        # Each post of such a platform is a message of its own.
        "push_id": "",
        "url": row.url,
        "title": _title(row),
        "text": _text(row),
        "published_at": row.at,
        "first_seen_at": now,
        "last_seen_at": now,
    }


def _news(item: Any, row: ExportRow, as_of: datetime) -> dict[str, object]:
    """What the export says of an item that the ledger did not know yet."""
    changes: dict[str, object] = {}
    nameless = item.platform_id.startswith("row:") or item.platform_id == item.url
    if nameless and (row.id or row.url) not in {"", item.platform_id}:
        changes["platform_id"] = row.id or row.url
    if row.url and not item.url:
        changes["url"] = row.url
    if item.publication is None:
        if _text(row) and _text(row) != item.text:
            changes |= {"text": _text(row), "title": _title(row)}
        elif _title(row) != item.title:
            changes["title"] = _title(row)
        if row.at != item.published_at and not row.day_only:
            changes["published_at"] = row.at
    elif _text(row) and not item.text:
        changes["text"] = _text(row)
    if item.deleted_at is not None and as_of > item.deleted_at:
        changes |= {"deleted_at": None, "vanished": False}
    if changes.keys() & {"text", "published_at"}:
        changes["sketched"] = 0
    return changes


# ── counters, verdicts, what it proves ────────────────────────────────────────────────────────


async def _counters(
    conn: Connection, rows: Sequence[ExportRow], ids: Sequence[int], as_of: datetime
) -> int:
    last = await imports.last_counters(conn, ids)
    told = {item: row.counters for item, row in zip(ids, rows, strict=True) if row.counters}
    count = 0
    for item, counters in told.items():
        before = last.get(item)
        if before is not None and all(
            getattr(before, name) == counters.get(name) for name in COUNTERS
        ):
            continue
        await imports.count(conn, item, as_of, counters)
        count += 1
    return count


async def _verdicts(
    conn: Connection,
    ids: Sequence[int],
    found: Sequence[Sequence[Verdict]],
    known: Known | None,
    now: datetime,
) -> int:
    if known is None or not any(found):
        return 0
    rows = {row.id: row for row in await imports.rows(conn, ids)}
    pairs = [
        (rows[item], verdict)
        for item, verdicts in zip(ids, found, strict=True)
        for verdict in verdicts
        if not rows[item].by_bot
    ]
    return await comparing.record(conn, pairs, known, now)


async def _cover(
    conn: Connection, account: Account, health: Health, order: Order, now: datetime
) -> tuple[Read, tuple[datetime | None, datetime | None]]:
    """Notes the span for which the file has everything, if a person says so."""
    known = Read(since=health.read_from, until=health.read_until, gaps=health.read_gaps)
    if order.covers is None:
        return known, (None, None)
    # What the platform counted later than this the file cannot hold.
    since, until = order.covers[0], min(order.covers[1], order.as_of, now)
    if since >= until:
        raise UsageError(_("The span of --from and --to has not begun when the file was made."))
    read = joined(known, since, until)
    assert read.since is not None
    assert read.until is not None
    await items.read_done(conn, account.id, since=read.since, until=read.until, gaps=read.gaps)
    return read, (since, until)
