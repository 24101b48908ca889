"""Tells people what they must do now: once a minute, each thing once.

Between "it is due" and "it was told" stands the outbox. A letter is claimed in the ledger before
it is sent and its answer is noted afterwards; whatever dies in between leaves it `unclear`, which
is never sent again by itself. A reminder that is lost costs little, because the next stage follows
by itself and at the end the managers hear of it; one that comes twice teaches people to ignore
them. What is unclear or was never accepted is shown by `bot doctor` and `bot contacts list`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

from bot.domain import reminding
from bot.domain.coverage import CARRIED, ItemCoverage
from bot.domain.letters import Packed, pack
from bot.domain.notices import Notice, Reply, Target, Verdict
from bot.domain.publication import Role
from bot.domain.reminding import Terms
from bot.domain.roster import Roster, Unit
from bot.domain.tasks import Task, role_of
from bot.engine import answers, tokens
from bot.engine.handles import NewLink, enter
from bot.engine.ports import Core
from bot.engine.review_notices import of_cases
from bot.engine.reviewing import cases
from bot.engine.side_by_side import side_by_side
from bot.engine.tasks import open_tasks
from bot.errors import UsageError
from bot.ledger import audit, exemptions, journal, notices, posts, publications, roster
from bot.ledger.connection import Connection
from bot.ledger.notices import Key, Progress, Told
from bot.logs import get_logger

log = get_logger(__name__)
# A round is a minute: a quarter of what the strictest robot takes (20 a minute), and never more at
# once than the quickest to complain (5 a second).
LETTERS_A_ROUND = 5
_LEASE = timedelta(minutes=10)  # longer than any letter may take
_AT_ONCE = 8  # addresses
_MOST = 40  # notices looked at for one letter; more never fit
URGED = "item.reminded"  # in the log: the units that an officer wants reminded of a key item
_URGED_FOR = timedelta(days=1)
_LOOK_BACK = timedelta(days=40)  # key items whose deadline may just have passed


class Links(Protocol):
    """Where tasks are done."""

    def __call__(self, task: Task, *, now: datetime) -> NewLink | None:
        """A link for the task, not entered yet; None when there is no such place."""
        ...


class Contacts(Protocol):
    """Where parties are told."""

    async def references(self, party: str, unit: Unit | None) -> Sequence[str]:
        """The party's addresses, by names that hold no secret."""
        ...

    async def target(self, party: str, reference: str) -> Target:
        """What stands behind the name; raises UsageError saying what to do when it is unusable."""
        ...

    async def store(self, party: str, address: str) -> Target:
        """Keeps an address for the party, sealed; what stands behind it. UsageError as above."""
        ...

    async def remove(self, party: str) -> None:
        """Forgets what `store` was given, if anything."""
        ...


def no_link(task: Task, *, now: datetime) -> None:
    """There is no page where tasks are done."""
    del task, now


@dataclass(frozen=True, kw_only=True)
class Reminders:
    """What reminding needs beside the core."""

    contacts: Contacts
    terms: Terms
    warn: timedelta  # before an authorisation ends
    link: Links = no_link


async def remind(core: Core, reminders: Reminders) -> int:
    """Tells what is due and was not told; returns how many letters were accepted."""
    members, found = await due(core, reminders)
    wanted = await _enter(core, reminders, members, found)
    return await _send(core, reminders, members, {one.key: one for one in wanted if not one.waits})


# ── what is due ───────────────────────────────────────────────────────────────────────────────────


async def due(core: Core, reminders: Reminders) -> tuple[Roster, list[Notice]]:
    """Everything that should have been told by now, told or not; from the ledger alone."""
    now = core.clock.now()
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        tasks = await open_tasks(conn)
        frozen = await journal.is_frozen(conn)
        reviews = await cases(core, conn)
        urged = await _urged(conn, now)
        excused = await exemptions.in_force(conn, {task.post for task in tasks})
        ended = [
            post.id
            for post in await posts.key_items(conn, since=now - _LOOK_BACK, until=now)
            if post.deadline_at and reminding.to_escalate(post.deadline_at, reminders.terms, now)
        ]
    reminded = {
        task.post
        for task in tasks
        if reminding.by_when(task)
        and (stage := reminding.stage_of(task, reminders.terms, now))
        and stage.left is not None
    }
    items = await _coverage(core, reminded | set(ended))
    moves = await _moves(core, ended)
    carried = {
        (item.post, row.unit) for item in items for row in item.units if row.state in CARRIED
    }
    exempt = {(post, unit) for post, units in excused.items() for unit in units}
    wanted = reminding.of_tasks(
        tasks, members, reminders.terms, now, carried=carried, exempt=exempt, frozen=frozen
    )
    wanted += reminding.of_urged(urged, tasks, members, reminders.terms, now, frozen=frozen)
    wanted += reminding.of_recalls(tasks, members, reminders.terms, now)
    wanted += reminding.of_items(items, moves, members, reminders.terms, now, frozen=frozen)
    wanted += of_cases(reviews, core.options.review, reminders.terms, now)
    found = await tokens.authorisations(core, warn=reminders.warn)
    wanted += reminding.of_accounts(found, members, reminders.terms, now)
    return members, wanted


async def _urged(conn: Connection, now: datetime) -> list[reminding.Urged]:
    said = await audit.entries(conn, actions=[URGED], since=now - _URGED_FOR, limit=None)
    return [
        reminding.Urged(post=one.subject, units=one.facts.get("units", ()), at=one.at)
        for one in said
    ]


async def _coverage(core: Core, ids: Collection[str]) -> list[ItemCoverage]:
    return (await answers.coverage(core, ids=ids))[0] if ids else []


async def _moves(core: Core, ids: Collection[str]) -> dict[tuple[str, str], Role]:
    """(post, unit) → whose move it is, by the publication that needs a person, if any does."""
    found: dict[tuple[str, str], Role] = {}
    if not ids:
        return found
    async with core.ledger.read() as conn:
        for pub in await publications.of_posts(conn, ids):
            role = role_of(pub)
            if role is not Role.NOBODY and found.get((pub.post, pub.unit)) is not Role.LIAISON:
                found[pub.post, pub.unit] = role
    return found


# ── the outbox ────────────────────────────────────────────────────────────────────────────────────


async def _enter(
    core: Core, reminders: Reminders, members: Roster, wanted: Sequence[Notice]
) -> list[Notice]:
    """Brings the outbox up to what is due: new ones in, those without a cause out.

    The same notices, with a word where another text was told before.
    """
    addresses = {
        party: await reminders.contacts.references(party, members.units.get(party))
        for party in {notice.party for notice in wanted}
    }
    now, keys = core.clock.now(), {notice.key for notice in wanted}
    async with core.ledger.write() as conn:
        await notices.end_overdue(conn, now)
        await _forget_ended(conn, wanted, now)
        waiting = await notices.under_way(conn)
        await notices.drop(conn, {told.id for told in waiting if told.key not in keys})
        known = await notices.about(conn, {notice.what for notice in wanted})
        for notice in wanted:
            rows = known.get(notice.key, [])
            await notices.revive(conn, {told.id for told in rows if told.state is Progress.DROPPED})
            # An address that is set later is not told what the others have known for long.
            if not rows and not notice.waits:
                await notices.add(conn, notice, addresses[notice.party], now=now)
    told = defaultdict(list)
    for (what, party, stage), rows in known.items():
        if any(row.state in notices.TOLD for row in rows):
            told[what, party].append(stage)
    return [reminding.renewed(one, told[one.what, one.party]) for one in wanted]


async def _forget_ended(conn: Connection, wanted: Sequence[Notice], now: datetime) -> None:
    """An account that was authorised again and is refused once more is news again."""
    refused = reminding.REFUSED
    still = {notice.what for notice in wanted if notice.stage == refused}
    for what in await notices.standing(conn, reminding.ACCOUNT, refused) - still:
        await notices.forget(conn, what, refused, now=now)


@dataclass(frozen=True, kw_only=True)
class _Claimed:
    """A letter that is ours to send."""

    packed: Packed
    lease: str
    tries: int  # with this one


async def _send(
    core: Core, reminders: Reminders, members: Roster, due: Mapping[Key, Notice]
) -> int:
    async with core.ledger.read() as conn:
        rows = await notices.under_way(conn)
    now = core.clock.now()
    ready = [
        told
        for told in rows
        if told.state is Progress.WAITING and told.next_at <= now and told.key in due
    ]
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(target: Target, mine: Sequence[Told]) -> int:
        async with gate:
            return await _to_target(core, reminders, members, target, mine, due)

    targets = await _by_target(core, reminders, ready)
    return sum(await side_by_side(one(target, mine) for target, mine in targets))


async def _by_target(
    core: Core, reminders: Reminders, ready: Sequence[Told]
) -> list[tuple[Target, list[Told]]]:
    """What goes where: parties that share a robot share its letters and its pace."""
    by_address: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for told in ready:
        by_address[told.party, told.address].append(told)
    found: dict[str, tuple[Target, list[Told]]] = {}
    for (party, address), mine in by_address.items():
        try:
            target = await reminders.contacts.target(party, address)
        except UsageError as error:
            await _unusable(core, mine, str(error))
        else:
            found.setdefault(target.mark, (target, []))[1].extend(mine)
    return list(found.values())


async def _unusable(core: Core, mine: Sequence[Told], why: str) -> None:
    reply = Reply(verdict=Verdict.REFUSED, said=why)
    tries = max(told.tries for told in mine) + 1
    async with core.ledger.write() as conn:
        ids = [told.id for told in mine]
        await notices.refuse(conn, ids, reply, tries=tries, now=core.clock.now())
    log.warning("notice.no_address", party=mine[0].party, error=why)


async def _to_target(
    core: Core,
    reminders: Reminders,
    members: Roster,
    target: Target,
    mine: Sequence[Told],
    due: Mapping[Key, Notice],
) -> int:
    """Sends what waits for one address, letter by letter, and notes each answer."""
    accepted, rows = 0, _by_key(mine)
    for _number in range(LETTERS_A_ROUND):
        claimed = await _claim(core, reminders, members, target, rows, due)
        if claimed is None:
            break
        reply = await target.send(claimed.packed.letter)
        async with core.ledger.write() as conn:
            await notices.record(
                conn, claimed.lease, reply, tries=claimed.tries, now=core.clock.now()
            )
        for notice in claimed.packed.notices:
            del rows[notice.key]
        if reply.verdict is not Verdict.SENT:
            party = claimed.packed.notices[0].party
            log.warning(f"notice.{reply.verdict.value}", party=party, error=reply.said)
            break  # the next one would meet the same
        accepted += 1
    return accepted


def _by_key(mine: Sequence[Told]) -> dict[Key, list[Told]]:
    """More than one row where a party named the same address twice; told once all the same."""
    rows: dict[Key, list[Told]] = defaultdict(list)
    for told in mine:
        rows[told.key].append(told)
    return rows


async def _packed(
    conn: Connection,
    reminders: Reminders,
    wanted: Sequence[Notice],
    members: Roster,
    limit: int,
    now: datetime,
) -> Packed:
    """The first letter of these. Only the links that are in it become good."""
    tasks = [notice.task for notice in wanted if notice.task]
    links = {task.id: link for task in tasks if (link := reminders.link(task, now=now))}
    packed = pack(wanted, {name: link.url for name, link in links.items()}, members, limit)[0]
    for name in dict.fromkeys(one.task.id for one in packed.notices if one.task):
        if name in links:
            await enter(conn, links[name])
    return packed


class _TakenError(Exception):
    """Another process was faster; nothing was changed."""


async def _claim(
    core: Core,
    reminders: Reminders,
    members: Roster,
    target: Target,
    rows: Mapping[Key, Sequence[Told]],
    due: Mapping[Key, Notice],
) -> _Claimed | None:
    """The next letter for this address, ours alone once this returns."""
    if not rows:
        return None
    now, lease = core.clock.now(), secrets.token_hex(16)
    try:
        async with core.ledger.write() as conn:
            wanted = [due[key] for key in islice(rows, _MOST)]
            packed = await _packed(conn, reminders, wanted, members, target.limit, now)
            mine = [(told.id, one.text) for one in packed.notices for told in rows[one.key]]
            if not await notices.claim(conn, mine, lease=lease, now=now, until=now + _LEASE):
                raise _TakenError
    except _TakenError:
        return None
    tries = max(told.tries for one in packed.notices for told in rows[one.key])
    return _Claimed(packed=packed, lease=lease, tries=tries + 1)
