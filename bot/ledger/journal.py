"""Carries transitions out: compare-and-set on (state, lease), with their events, in groups.

Everything waiting while one transaction commits goes into the next one (group commit); a caller
is told only after its moves are durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import bindparam, insert, select, update

from bot.domain.publication import Hold, State
from bot.domain.quota import Budget
from bot.domain.review import NO_REVIEW, Level, Review, missing
from bot.domain.step import Step
from bot.ledger import controls, items
from bot.ledger.approvals import approved_now
from bot.ledger.budgets import Purse, open_purse, unpaid
from bot.ledger.connection import Connection
from bot.ledger.prepared import Prepared
from bot.ledger.store import Ledger, check_version_now
from bot.ledger.tables import accounts, events, posts, publications

Event = dict[str, Any]
_GATHER_S = 0.004
_SIBLINGS = 5  # so many callers at once are a burst
ANY_LEASE = object()  # for persons and the planner, who hold no lease


@dataclass(frozen=True, kw_only=True)
class Move:
    """One step for one publication, and the lease it is made under.

    `budgets` are the quotas a grant spends; only grants may have them. `wish` is what the calendar
    wanted when the step was decided: by another wish it is void.
    """

    publication: int
    step: Step
    lease: object = ANY_LEASE
    budgets: tuple[Budget, ...] = ()
    # A grant: refused while the matrix is frozen (静默期), before the post's embargo ends, and
    # while the version lacks an approval that `review` asks for.
    gated: bool = False
    review: Review = NO_REVIEW  # also of a move to wait for a review
    wish: Mapping[str, Any] | None = None


class Refusal(StrEnum):
    """Why a move was not made."""

    STALE = "stale"  # another state or another lease by now
    FROZEN = "frozen"
    EMBARGO = "embargo"
    UNREVIEWED = "unreviewed"
    SPENT = "spent"  # quota


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What came of a move; `until` says when an embargo ends or a spent quota is whole again."""

    refusal: Refusal | None = None
    until: datetime | None = None

    @property
    def ok(self) -> bool:
        return self.refusal is None


_DONE = Applied()
_STALE = Applied(refusal=Refusal.STALE)


@dataclass
class _Group:
    """The rows one transaction works on, and what it will write."""

    rows: dict[int, dict[str, Any]]
    now: datetime
    frozen: bool = False
    released: frozenset[str] = frozenset()  # posts; known of those a move waits for
    working: frozenset[str] = frozenset()  # accounts not paused; known likewise
    unreviewed: frozenset[int] = frozenset()  # publications; known of grants, and likewise
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    published: list[tuple[dict[str, Any], Step]] = field(default_factory=list)

    def take(self, move: Move) -> bool:
        row = self.rows.get(move.publication)
        step = move.step
        if row is None or State(row["state"]) not in step.sources:
            return False
        if move.lease is not ANY_LEASE and row["lease"] != move.lease:
            return False
        before = row["state"]
        after = before if step.to is None else step.to.value
        changed = {**step.changes, "state": after}
        wish = row["wanted"].get("content_hash", row["content_hash"])
        refused = after == State.FAILED and changed.get("reason") == "rejected"
        if refused and wish != row["content_hash"]:
            # The author has corrected it already, while it was under review.
            changed["next_at"] = self.now
        if after == State.HELD and self._is_over(changed.get("reason"), row):
            # Whoever ended it has woken what was held by then, and comes back no more.
            changed["next_at"] = self.now
        row.update(changed)
        self.changes.setdefault(move.publication, {}).update(changed)
        self.events.append(
            {
                "publication": move.publication,
                "at": self.now,
                "name": step.name,
                "from_state": before,
                "to_state": after,
                "facts": step.facts if isinstance(step.facts, dict) else dict(step.facts),
                "account": row["account"],
                "platform": row["platform"],
                "due_at": row["due_at"],
            }
        )
        if step.published is not None:
            self.published.append((row, step))
        return True

    def _is_over(self, reason: object, row: Mapping[str, Any]) -> bool:
        match reason:
            case Hold.FROZEN:
                return not self.frozen
            case Hold.FIRST_RELEASE:
                return row["post"] in self.released
            case Hold.ACCEPTANCE:
                return bool(row["accepted_by"])
            case Hold.PAUSED:
                return row["account"] in self.working
            case Hold.REVIEW:
                return row["id"] not in self.unreviewed
            case _:
                return False


async def apply(
    conn: Connection, moves: Sequence[Move], now: datetime, made: list[Event] | None = None
) -> list[Applied]:
    """Makes `moves` in order inside the caller's transaction; says for each what came of it.

    The events go into `made`, for `Journal.tell` once the transaction is durable.
    """
    if not moves:
        return []
    results, events_ = await conn.run(lambda sync: _apply(sync, moves, now))
    if made is not None:
        made += events_
    return results


def _apply(
    conn: SyncConnection, moves: Sequence[Move], now: datetime
) -> tuple[list[Applied], list[Event]]:
    group = _Group(rows=_lock(conn, {move.publication for move in moves}), now=now)
    if any(move.step.to is State.SENDING for move in moves):
        # A newer version may have changed what a grant means. Asked after the rows are locked:
        # an upgrade is either seen here or waits for us.
        check_version_now(conn)
    purse = _purse(conn, group, moves)
    if any(move.gated or _waits_for(move, Hold.FROZEN) for move in moves):
        group.frozen = controls.is_frozen_now(conn)
    group.released = _released(conn, group, moves)
    group.working = _working(conn, group, moves)
    group.unreviewed = _unreviewed(conn, group, moves)
    results = [_one(group, purse, move) for move in moves]
    purse.save(conn)
    _write(conn, group)
    return results, group.events


def _waits_for(move: Move, why: Hold) -> bool:
    return move.step.to is State.HELD and move.step.changes.get("reason") == why


def _released(conn: SyncConnection, group: _Group, moves: Sequence[Move]) -> frozenset[str]:
    """Posts with a first release, of those that moves shall wait for."""
    ids = {
        group.rows[move.publication]["post"]
        for move in moves
        if _waits_for(move, Hold.FIRST_RELEASE) and move.publication in group.rows
    }
    if not ids:
        return frozenset()
    found = conn.execute(_LOCK_RELEASES, {"ids": sorted(ids)})
    return frozenset(row.id for row in found if row.first_release_at is not None)


def _working(conn: SyncConnection, group: _Group, moves: Sequence[Move]) -> frozenset[str]:
    """Accounts that are not paused any more, of those for which a post is put on hold.

    Only where admission decided so from what it had read before: a hold after an error comes with
    its cause, and trying again at once would meet it again.
    """
    ids = {
        group.rows[move.publication]["account"]
        for move in moves
        if move.wish is not None
        and _waits_for(move, Hold.PAUSED)
        and move.publication in group.rows
    }
    if not ids:
        return frozenset()
    found = conn.execute(_LOCK_PAUSES, {"ids": sorted(ids)})
    return frozenset(row.id for row in found if not row.paused)


def _unreviewed(conn: SyncConnection, group: _Group, moves: Sequence[Move]) -> frozenset[int]:
    """Publications whose version lacks a review, of those that are to go or to wait for one.

    Asked after the rows are locked, and reviewers lock them too: a refusal is either seen here, or
    comes after the call was granted and says so.
    """
    asking = [move for move in moves if move.gated or _waits_for(move, Hold.REVIEW)]
    known = controls.review_now(conn) if asking else NO_REVIEW
    asked: dict[int, tuple[Level, ...]] = {}
    for move in asking:
        row = group.rows.get(move.publication)
        if row is not None:
            asked[row["id"]] = move.review.and_also(known).required(row["column"])
    rows = [group.rows[pk] for pk, required in asked.items() if required]
    if not rows:
        return frozenset()
    approved = approved_now(conn, {row["post"] for row in rows})
    return frozenset(
        row["id"]
        for row in rows
        if missing(asked[row["id"]], approved.get((row["post"], row["content_hash"]), ()))
    )


def _purse(conn: SyncConnection, group: _Group, moves: Sequence[Move]) -> Purse:
    spending = [move for move in moves if move.budgets and move.publication in group.rows]
    accounts_ = {group.rows[move.publication]["account"] for move in spending}
    wanted = {budget for move in spending for budget in move.budgets}
    return open_purse(conn, accounts_, wanted, group.now)


def _one(group: _Group, purse: Purse, move: Move) -> Applied:
    if move.gated and group.frozen:
        return Applied(refusal=Refusal.FROZEN)
    row = group.rows.get(move.publication)
    embargo = row["not_before"] if move.gated and row is not None else None
    if embargo is not None and group.now < embargo:
        return Applied(refusal=Refusal.EMBARGO, until=embargo)
    if move.gated and move.publication in group.unreviewed:
        return Applied(refusal=Refusal.UNREVIEWED)
    if move.wish is not None and row is not None and row["wanted"] != move.wish:
        return _STALE
    if move.step.to is State.SENDING and row is not None and row["wanted"]:
        # The calendar noted another wish since admission; the old one must not be sent.
        return _STALE
    if move.budgets:
        if row is None or (move.lease is not ANY_LEASE and row["lease"] != move.lease):
            return _STALE
        if State(row["state"]) not in move.step.sources:
            return _STALE
        # A call repeated within the period was counted with the first one.
        wanted = unpaid(move.budgets, last=row["committed_at"], paid=row["paid"], now=group.now)
        until = purse.spend(row["account"], wanted)
        if until is not None:
            return Applied(refusal=Refusal.SPENT, until=until)
    return _DONE if group.take(move) else _STALE


# What a move needs to know of its publication. Built once: the statement is the same each time.
_LOCK = (
    select(
        *(publications.c[name] for name in ("id", "state", "lease", "wanted", "content_hash")),
        *(publications.c[name] for name in ("committed_at", "paid", "post", "account", "unit")),
        publications.c.not_before,
        *(publications.c[name] for name in ("platform", "kind", "due_at", "accepted_by")),
        posts.c.key_item,
        posts.c.column,
        posts.c.title.label("post_title"),
        accounts.c.flagship,
    )
    .join(posts, posts.c.id == publications.c.post)
    .join(accounts, accounts.c.id == publications.c.account)
    .where(publications.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(publications.c.id)  # two processes lock in one order, or they lock each other out
    .with_for_update(of=publications)
)
# Until the hold is durable: a release beside it comes before, or sees what it has to wake.
_LOCK_RELEASES = (
    select(posts.c.id, posts.c.first_release_at)
    .where(posts.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(posts.c.id)
    .with_for_update(read=True)
)
_LOCK_PAUSES = (
    select(accounts.c.id, accounts.c.paused)
    .where(accounts.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(accounts.c.id)
    .with_for_update(read=True)
)
_ADD_EVENTS = Prepared(
    insert(events), ("publication", "at", "name", "from_state", "to_state", "facts")
)


def _lock(conn: SyncConnection, ids: set[int]) -> dict[int, dict[str, Any]]:
    found = conn.execute(_LOCK, {"ids": sorted(ids)})
    names = tuple(found.keys())
    return {row[0]: dict(zip(names, row, strict=True)) for row in found}


@cache
def _change(columns: tuple[str, ...]) -> Prepared:
    statement = (
        update(publications)
        .where(publications.c.id == bindparam("pk"))
        .values({name: bindparam(f"new_{name}") for name in columns})
    )
    return Prepared(statement, ["pk", *(f"new_{name}" for name in columns)])


def _write(conn: SyncConnection, group: _Group) -> None:
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for publication, changed in group.changes.items():
        values = {f"new_{name}": value for name, value in changed.items()}
        by_columns.setdefault(tuple(sorted(changed)), []).append({"pk": publication, **values})
    for columns, rows in by_columns.items():
        _change(columns).run(conn, rows)
    _ADD_EVENTS.run(conn, group.events)
    if group.published:
        as_items = [
            item
            for row, step in group.published
            if step.published
            for item in [(row, step.published), *items.further(row, step.published)]
        ]
        items.record_published(conn, as_items, group.now)
    for row, step in group.published:
        if row["key_item"] and row["flagship"] and row["kind"] == "original" and step.published:
            _first_release(conn, row["post"], step.published.published_at, group.now)


def _first_release(conn: SyncConnection, post: str, at: datetime, now: datetime) -> None:
    """Notes the first release and wakes the reprints that wait for it."""
    conn.execute(
        update(posts)
        .where(posts.c.id == post, posts.c.first_release_at.is_(None))
        .values(first_release_at=at)
    )
    conn.execute(
        update(publications)
        .where(
            publications.c.post == post,
            publications.c.state == State.HELD.value,
            publications.c.reason == Hold.FIRST_RELEASE.value,
        )
        .values(next_at=now)
    )


async def is_frozen(conn: Connection) -> bool:
    """True during a freeze."""
    return await controls.freeze(conn) is not None


class Journal:
    """Applies moves in groups; each call returns once its moves are durable."""

    def __init__(
        self, ledger: Ledger, heard: Callable[[Sequence[Event]], None] | None = None
    ) -> None:
        self._ledger = ledger
        self._heard = heard  # told of events once they are durable
        self._waiting: list[tuple[Sequence[Move], datetime, asyncio.Future[list[Applied]]]] = []
        self._flusher: asyncio.Task[None] | None = None

    async def apply(self, *moves: Move, now: datetime) -> list[Applied]:
        """Makes `moves` in one transaction, perhaps together with those of other callers."""
        # A cancelled caller must not take the others' transaction down with it.
        return await asyncio.shield(self.submit(*moves, now=now))

    def submit(self, *moves: Move, now: datetime) -> asyncio.Future[list[Applied]]:
        """Has `moves` made as `apply` does; they are durable when the future is done.

        What is submitted later is made later, or in the same transaction.
        """
        done: asyncio.Future[list[Applied]] = asyncio.get_running_loop().create_future()
        self._waiting.append((moves, now, done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        return done

    def tell(self, made: Sequence[Event]) -> None:
        """Hands durable events to whoever counts them."""
        if self._heard is not None and made:
            self._heard(made)

    async def settle(self) -> None:
        """Returns once nothing is being written any more."""
        if self._flusher is not None:
            await self._flusher

    async def _flush(self) -> None:
        busy = False
        while self._waiting:
            if busy:
                # Others are about to ask; a durable write for many costs little more than for one.
                await asyncio.sleep(_GATHER_S)
            calls, self._waiting = self._waiting, []
            busy = len(calls) >= _SIBLINGS
            try:
                outcomes = await self._together(calls)
            except Exception:  # every caller must hear, each of its own moves
                await self._one_by_one(calls)
                continue
            for (_moves, _now, done), outcome in zip(calls, outcomes, strict=True):
                if not done.done():
                    done.set_result(outcome)

    async def _together(
        self, calls: Sequence[tuple[Sequence[Move], datetime, asyncio.Future[list[Applied]]]]
    ) -> list[list[Applied]]:
        moves = [move for call, _now, _done in calls for move in call]
        now = max(now for _moves, now, _done in calls)
        flat, made = await self._ledger.transact(lambda conn: _apply(conn, moves, now))
        self.tell(made)
        outcomes, start = [], 0
        for call, _now, _done in calls:
            outcomes.append(flat[start : start + len(call)])
            start += len(call)
        return outcomes

    async def _one_by_one(
        self, calls: Sequence[tuple[Sequence[Move], datetime, asyncio.Future[list[Applied]]]]
    ) -> None:
        """One caller's bad move must not void the others', so each gets its own transaction."""
        for call in calls:
            done = call[2]
            try:
                outcome = (await self._together([call]))[0]
            except Exception as error:  # handed to the caller whose move it is
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(outcome)
