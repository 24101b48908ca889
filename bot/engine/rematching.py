"""Finds copies that were read before their key item was known as it is now.

A first release may be recorded after its copies were read, a post may become a key item later, a
text may be corrected, a rule may change. Then the stored items of all accounts are compared anew,
within the key item's window. With few of them each is compared; with many only those that could
match at all: a shared passage by their sketches, a link or 稿号, a title alike, a short text.

When nothing has changed, this is one query over the key items and one for new texts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from rapidfuzz import fuzz

from bot.domain import matching
from bot.domain import normalise as norm
from bot.domain.matching import KeyText, Verdict
from bot.domain.roster import Roster
from bot.domain.sketch import sketch
from bot.domain.titles import plain_title
from bot.engine import comparing
from bot.engine.comparing import Known
from bot.engine.ports import Core
from bot.ledger import compared, roster, sketches, windows
from bot.ledger.compared import KeyItem
from bot.ledger.connection import Connection
from bot.ledger.sketches import Sketched
from bot.ledger.windows import Glimpse
from bot.logs import get_logger

log = get_logger(__name__)
T = TypeVar("T")
PLAIN = 5_000  # so many items of a window are all compared; it takes seconds
_LIFE = timedelta(days=60)  # key items this far apart share no template (bot/engine/collect.py)
_TOGETHER = timedelta(days=30)  # key items due within it are compared in one go
_PART = 50  # items compared without letting anything else happen: a few hundredths of a second
_READ = 200  # texts read at once
_SKETCHED = 10_000  # texts whose hashes are written in one go: each go may touch all of the table
_ROWS = 20_000  # hashes of one transaction: a tenth of a second
_SHORT = 150  # characters; such a text costs less to compare than to rule out
_ALIKE = 50.0  # partial ratio below which two titles are not the same in any script or width
_SIGNS = ("稿号", "稿號")


@dataclass(frozen=True, kw_only=True)
class Rematched:
    """What comparing the stored items with one key item came to."""

    post: str
    compared: int  # items whose texts were looked at
    matched: int  # verdicts that are new


async def rematch(
    core: Core, names: Collection[str] = (), *, again: bool = False, plain: int = PLAIN
) -> list[Rematched]:
    """Compares stored items with the key items that have changed since; `again`: with all.

    `names` are the key items to do, all if left out. May be repeated and interrupted at any time.
    """
    await catch_up(core)
    rules = f"{matching.RULE_VERSION}.{norm.VERSION}"
    async with core.ledger.read() as conn:
        known = await compared.key_items(conn, rules)
    wanted = [one for one in known if (again or one.stale) and (not names or one.post in names)]
    found: list[Rematched] = []
    for some in _together(wanted):
        found += await _compare(core, some, plain)
    if found:
        log.info("items.compared", key_items=len(found), new=sum(one.matched for one in found))
    return found


def _together(wanted: Sequence[KeyItem]) -> Iterator[list[KeyItem]]:
    some: list[KeyItem] = []
    for one in wanted:
        if some and one.due_at > some[0].due_at + _TOGETHER:
            yield some
            some = []
        some.append(one)
    if some:
        yield some


async def catch_up(core: Core) -> int:
    """Sketches the texts that are new or have changed; returns how many. May be interrupted."""
    async with core.ledger.read() as conn:
        outdated = await sketches.outdated(conn)
    if outdated:
        async with core.ledger.write() as conn:
            await sketches.forget(conn)
    count = 0
    while made := await _some_sketches(core):
        rows = sketches.rows_of(made)
        for part in _parts(rows, _ROWS):
            await core.ledger.transact(partial(sketches.add, rows=part))
        for some in _parts(made, _READ):
            await core.ledger.transact(partial(sketches.done, made=some))
        count += len(made)
    return count


async def _some_sketches(core: Core) -> list[Sketched]:
    made: list[Sketched] = []
    while len(made) < _SKETCHED:
        async with core.ledger.read() as conn:
            due = await sketches.unsketched(conn, _READ, after=made[-1].item if made else 0)
        for one in due:
            hashes = sketch(norm.normalise(one.text))
            made.append(Sketched(**vars(one), hashes=hashes))
            await asyncio.sleep(0)  # publishing does not wait for this
        if len(due) < _READ:
            break
    return made


async def _compare(core: Core, some: Sequence[KeyItem], plain: int) -> list[Rematched]:
    names = [one.post for one in some]
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        since, until = some[0].due_at - _LIFE, some[-1].due_at + _LIFE
        until = max(min(until, core.clock.now()), some[-1].due_at + timedelta(seconds=1))
        known = await comparing.known(conn, members, since=since, until=until)
        keys = {key.post: key for key in known.keys}
        candidates = {
            name: await _candidates(conn, keys[name], plain) for name in names if name in keys
        }
        judged = await compared.judged(conn, names)
    wanted = {item for item, _post in judged}.union(*candidates.values())
    new = dict.fromkeys(names, 0)
    for part in _parts(sorted(wanted), _PART):
        for post, count in (await _part(core, part, members, known, judged)).items():
            new[post] = new.get(post, 0) + count
    async with core.ledger.write() as conn:
        await compared.note(conn, some)
    return [
        Rematched(post=name, compared=len(candidates.get(name, ())), matched=new[name])
        for name in names
    ]


def _parts(whole: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


async def _part(
    core: Core,
    part: Sequence[int],
    members: Roster,
    known: Known,
    judged: Mapping[tuple[int, str], str],
) -> Mapping[str, int]:
    """How many verdicts are new, by key item."""
    async with core.ledger.read() as conn:
        rows = await windows.rows(conn, part)
    found = [pair for row in rows for pair in _verdicts(row, members, known, judged)]
    new: dict[str, int] = {}
    if found:
        async with core.ledger.write() as conn:
            for row, verdict in found:
                count = await comparing.record(conn, [(row, verdict)], known, core.clock.now())
                new[verdict.post] = new.get(verdict.post, 0) + count
    await asyncio.sleep(0)
    return new


def _verdicts(
    row: Any, members: Roster, known: Known, judged: Mapping[tuple[int, str], str]
) -> Iterator[tuple[Any, Verdict]]:
    account = members.accounts[row.account]
    found = comparing.judge(row, account, members, known)
    yield from ((row, verdict) for verdict in found)
    matched = {verdict.post for verdict in found}
    for (item, post), decision in judged.items():
        if item == row.id and post not in matched and decision != "no":
            # What an older rule or text has found and this one does not.
            yield (
                row,
                Verdict(post=post, account=account.id, level=None, decision="no", rule="not-found"),
            )


async def _candidates(conn: Connection, key: KeyText, plain: int) -> set[int]:
    """Items of the key item's window that may match it."""
    since, until = key.released_at - matching.EARLY, key.deadline_at + matching.AFTER
    few = await windows.ids(conn, since, until, plain + 1)
    if len(few) <= plain:
        return set(few)
    hashes = frozenset[int]().union(*(sketch(version.text) for version in key.versions))
    found = await conn.run(lambda c: sketches.within(c, hashes, since, until))
    hosts = {urlsplit(url).hostname or url for url in key.urls}
    words = {*hosts, key.marker, *_SIGNS} - {""}
    title = plain_title(key.title)
    shown = await windows.glimpses(conn, since, until, words)
    return {one.id for one in shown if one.id in found or _may_match(one, key, title, words)}


def _may_match(one: Glimpse, key: KeyText, title: str, words: Collection[str]) -> bool:
    """Whether a rule that needs no shared passage could find the key item in it."""
    if one.telling or one.length <= _SHORT or one.repost_of in key.platform_ids:
        return True
    pointer = f"{one.title}\n{one.source_url}".lower()
    if any(word in pointer for word in words):
        return True
    return fuzz.partial_ratio(title, one.title or one.beginning) >= _ALIKE
