"""Brings the ledger in line with the calendar, or only says how they differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.collisions import Collision, collisions
from bot.domain.forecast import QuotaUse, demand, foreseen
from bot.domain.planning import (
    IN_FLIGHT,
    OPEN,
    Change,
    Desired,
    diff,
    first_hold,
    first_look,
    in_force,
)
from bot.domain.post import Kind
from bot.domain.problem import Problem
from bot.domain.publication import Hold, Publication, State, publication_key
from bot.domain.roster import AccountStatus
from bot.engine.check import Checked, check, quotas_of
from bot.engine.exempting import EXEMPTED
from bot.engine.last_good import still_good
from bot.engine.ports import Core
from bot.engine.review_gate import declare, hold_unreviewed, with_voided
from bot.engine.unreviewed import Unreviewed, unreviewed
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import budgets, exemptions, journal, posts, publications, recalls, roster
from bot.ledger.connection import Connection
from bot.ledger.journal import Move
from bot.ledger.posts import StoredPost
from bot.logs import get_logger
from bot.schedule.reader import Reading

log = get_logger(__name__)
_ANOTHER_POST = timedelta(days=7)  # so much later it is no correction of what went out
# A post a person took back reaches no account that joins later, nor do reprints an exempt unit.
_CALLED_OFF = {"state": State.CANCELLED.value, "reason": "withdrawn", "next_at": None}
_EXCUSED = {**_CALLED_OFF, "reason": EXEMPTED}
_ROSTER_LOSS = 10  # asks first when more than one account in ten would disappear


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How calendar and ledger differ, and what is wrong with the calendar."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    planned: int  # publications the calendar asks for
    overtaken: int = 0  # changes a worker was faster than; the next plan makes them
    quotas: tuple[QuotaUse, ...] = ()  # every quota the calendar touches, by time
    collisions: tuple[Collision, ...] = ()  # on one account too close together, by time
    kept: frozenset[str] = frozenset()  # posts whose edit has an error: the last good one stays
    unreviewed: tuple[Unreviewed, ...] = ()  # posts that are held for a review, by id

    @property
    def overruns(self) -> list[QuotaUse]:
        """The quotas it will exceed."""
        return [one for one in self.quotas if one.late]


@dataclass(frozen=True, kw_only=True)
class _Difference:
    """What the ledger knows of the calendar's posts, and how that must change."""

    changes: list[Change]
    known: list[Publication]
    released: dict[str, datetime]  # key item → its first release
    kept: frozenset[str]
    reused: list[Problem]  # ids of posts that went out long before
    unreviewed: tuple[Unreviewed, ...]


def _roster_unusable(reading: Reading) -> bool:
    # Without a whole roster nobody can tell a removed account or post from an unread one.
    return not reading.roster.accounts or reading.roster_file in reading.broken


async def preview(core: Core, reading: Reading) -> Plan:
    """What `apply` would do now. Changes nothing."""
    checked = check(reading, core.platforms)
    if _roster_unusable(reading):
        return Plan(changes=(), problems=checked.problems, planned=0)
    now = core.clock.now()
    async with core.ledger.read() as conn:
        found = await _diff(conn, core, reading, checked, now)
        quotas = await _quotas(conn, core, reading, found, now)
    return _plan(reading, checked, found, quotas)


async def apply(core: Core, reading: Reading, *, confirmed: bool = False) -> Plan:
    """Takes the calendar over; what could not be read keeps its last good plan.

    Raises UsageError when the roster would lose more than a tenth of its accounts and
    `confirmed` is not set.
    """
    checked = check(reading, core.platforms)
    if _roster_unusable(reading):
        log.warning("plan.roster_unusable", folder=str(reading.folder))
        return Plan(changes=(), problems=checked.problems, planned=0)
    now = core.clock.now()
    async with core.ledger.write() as conn:
        if not confirmed:
            await _refuse_roster_loss(conn, reading, now)
        found = await _diff(conn, core, reading, checked, now)
        quotas = await _quotas(conn, core, reading, found, now)
        await roster.save(conn, reading.roster, now)
        for post in reading.posts:
            if post.id in found.kept:
                await posts.locate(conn, post)
            else:
                await posts.save(conn, post, checked.hashes[post.id], now)
        # A post may have become a key item, or an account the flagship, after it was public.
        await posts.note_releases(conn)
        await publications.wake_held(conn, Hold.FIRST_RELEASE, now)
        await publications.wake_held(conn, Hold.REGISTRY, now)  # the roster may have been mended
        await publications.wake_held(conn, Hold.REVIEW, now)  # less may need one than before
        over = await recalls.withdrawn(conn, {change.post for change in found.changes})
        released = await _released(conn, reading)
        await declare(core, conn, now)
        changes = await with_voided(core, conn, found.changes, found.known)
        overtaken = await _carry_out(conn, changes, released, over, now)
        await hold_unreviewed(core, conn, now)
        gone = {change.post for change in found.changes if change.desired is None}
        await posts.mark_removed(conn, gone - {post.id for post in reading.posts})
    if found.kept:
        log.warning("plan.kept", posts=sorted(found.kept))
    log.info("plan.applied", changes=len(found.changes), problems=len(checked.problems))
    return _plan(reading, checked, found, quotas, overtaken=overtaken)


def _plan(
    reading: Reading,
    checked: Checked,
    found: _Difference,
    quotas: tuple[QuotaUse, ...],
    *,
    overtaken: int = 0,
) -> Plan:
    return Plan(
        changes=tuple(found.changes),
        problems=(*checked.problems, *found.reused),
        planned=len(checked.wanted),
        overtaken=overtaken,
        quotas=quotas,
        collisions=tuple(collisions(checked.wanted, reading.options.slot)),
        kept=found.kept,
        unreviewed=found.unreviewed,
    )


async def _refuse_roster_loss(conn: Connection, reading: Reading, now: datetime) -> None:
    known = await roster.load(conn)
    active = {a.id for a in known.accounts.values() if a.status_at(now) is not AccountStatus.CLOSED}
    lost = active - set(reading.roster.accounts)
    if len(lost) * _ROSTER_LOSS > len(active):
        raise UsageError(
            _(
                "{file} would remove {lost} of {all} accounts ({names} …). If that is intended, "
                "run the command again with --yes."
            ).format(
                file=reading.roster_file,
                lost=len(lost),
                all=len(active),
                names=", ".join(sorted(lost)[:3]),
            )
        )


async def _diff(
    conn: Connection, core: Core, reading: Reading, checked: Checked, now: datetime
) -> _Difference:
    read = {post.id for post in reading.posts}
    known = await publications.of_posts(conn, read)
    open_ones = await publications.in_states(conn, OPEN | IN_FLIGHT)
    known += [pub for pub in open_ones if pub.post not in read]
    stored = await posts.some_posts(conn, {pub.post for pub in known} | read)
    released = {post.id: post.first_release_at for post in stored.values() if post.first_release_at}
    edited = in_force(checked.wanted, known, released=released, now=now)
    kept = await still_good(conn, edited, known, reading)
    kept |= await still_good(conn, _followers(kept, checked, known, reading), known, reading)
    changes = diff(
        await _excused(conn, [want for want in checked.wanted if want.post not in kept]),
        [pub for pub in known if pub.post not in kept],
        keep=_kept(reading, stored),
        released=released,
        now=now,
    )
    reused = list(_reused(checked.wanted, known, reading, now))
    columns = {post.id: post.column for post in stored.values()}
    columns |= {post.id: post.column for post in reading.posts if post.id not in kept}
    return _Difference(
        changes=changes,
        known=known,
        released=released,
        kept=kept,
        reused=reused,
        unreviewed=await unreviewed(core, conn, changes, known, columns=columns, released=released),
    )


async def _excused(conn: Connection, wanted: Sequence[Desired]) -> list[Desired]:
    """The same, with a mark on the reprints of units that a manager has exempted.

    What the calendar itself says is in `wanted` already, in the ledger only once it is taken over.
    """
    reprints = {want.post for want in wanted if want.kind is Kind.REPRINT}
    units = {
        (post, unit)
        for post, known in (await exemptions.in_force(conn, reprints)).items()
        for unit, exemption in known.items()
        if exemption.by != exemptions.CALENDAR
    }
    return [
        replace(want, excused=True)
        if want.kind is Kind.REPRINT and (want.post, want.account.unit) in units
        else want
        for want in wanted
    ]


def _followers(
    kept: frozenset[str], checked: Checked, known: Sequence[Publication], reading: Reading
) -> frozenset[str]:
    """Posts counted from a new time of a kept one, which is not in force yet."""
    planned = {(pub.post, pub.account): pub.due_at for pub in known}
    moved = {
        want.post
        for want in checked.wanted
        if want.kind is Kind.ORIGINAL
        and want.due_at != planned.get((want.post, want.account.id), want.due_at)
    }
    blocked = {want.post for want in checked.wanted if want.blocked}
    found = kept & moved
    while more := {
        post
        for post, base in reading.after.items()
        if base in found and post not in found | blocked
    }:
        found |= more
    return found - kept


def _reused(
    wanted: Sequence[Desired], known: Sequence[Publication], reading: Reading, now: datetime
) -> Iterator[Problem]:
    """Posts to come that never will, since another one of the same id is public."""
    gone = {(pub.post, pub.account): pub.published_at for pub in known if pub.published_at}
    places = {post.id: post.place for post in reading.posts}
    told: set[str] = set()
    for want in wanted:
        at = gone.get((want.post, want.account.id))
        if at is None or want.due_at <= max(now, at + _ANOTHER_POST) or want.post in told:
            continue
        told.add(want.post)
        yield Problem(
            code="duplicate-post",
            message=_("The id {id} is that of a post that went out on {day}.").format(
                id=want.post, day=f"{at.astimezone(reading.options.zone):%Y-%m-%d}"
            ),
            hint=_("Give this post an id of its own; as it is, it does not go out."),
            place=places[want.post],
            post=want.post,
        )


async def _quotas(
    conn: Connection, core: Core, reading: Reading, found: _Difference, now: datetime
) -> tuple[QuotaUse, ...]:
    quotas = quotas_of(reading.roster, core.platforms)
    wishes = demand(found.known, found.changes, quotas, released=found.released, now=now)
    return tuple(foreseen(wishes, await budgets.counted(conn, now)))


def _kept(reading: Reading, stored: Mapping[str, StoredPost]) -> set[str]:
    """Posts of files that could not be read whole: nothing of them was removed on purpose."""
    return {post.id for post in stored.values() if post.file in reading.broken}


async def _released(conn: Connection, reading: Reading) -> dict[str, datetime]:
    stored = await posts.some_posts(conn, {post.id for post in reading.posts})
    return {post.id: post.first_release_at for post in stored.values() if post.first_release_at}


async def _carry_out(
    conn: Connection,
    changes: Sequence[Change],
    released: Mapping[str, datetime],
    withdrawn: Collection[str],
    now: datetime,
) -> int:
    moves = [
        Move(publication=change.publication, step=change.step)
        for change in changes
        if change.publication is not None and change.step is not None
    ]
    applied = await journal.apply(conn, moves, now)
    overtaken = [move for move, one in zip(moves, applied, strict=True) if not one.ok]
    for move in overtaken:
        log.warning("plan.overtaken", publication=move.publication, step=move.step.name)
    new = [
        _row(change.desired, released.get(change.post), now)
        | (_EXCUSED if change.desired.excused else {})
        | (_CALLED_OFF if change.post in withdrawn else {})
        for change in changes
        if change.publication is None and change.desired is not None
    ]
    await publications.add(conn, new, now)
    return len(overtaken)


def _row(want: Desired, released: datetime | None, now: datetime) -> dict[str, Any]:
    held = first_hold(want, released)
    return {
        "post": want.post,
        "account": want.account.id,
        "unit": want.account.unit,
        "platform": want.account.platform,
        "kind": want.kind.value,
        "method": want.method.value,
        "key": publication_key(want.post, want.account.id),
        "by_hand": want.by_hand,
        "needs_acceptance": want.needs_acceptance,
        "state": (State.HELD if held else State.PLANNED).value,
        "reason": held.value if held else "",
        "due_at": want.due_at,
        "not_after": want.not_after,
        "not_before": want.not_before,
        "offset_s": want.offset_s,
        "content_hash": want.content_hash,
        # A hold is looked at when its window closes; a reprint when the first release is out.
        "next_at": first_look(want, released, now),
        "checkpoint": {},
        "pending": {},
        "error": {},
    }
