"""Recalls: orders to take a post back or to correct it, and what they come to on each account."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, update

from bot.domain.recall import (
    LIVING,
    Change,
    How,
    NewStep,
    Recall,
    RecallKind,
    RecallStep,
    StepState,
)
from bot.ledger.connection import Connection
from bot.ledger.recall_tables import recall_events, recall_steps, recalls
from bot.ledger.rows import each
from bot.ledger.tables import items, posts, publications, verdicts

_LIVING = sorted(state.value for state in LIVING)
_UNFINISHED = select(recall_steps.c.recall).where(recall_steps.c.state.in_(_LIVING))
_later = recalls.alias("later")
# A correction that waits for the review of its version.
_NOT_BEGUN = and_(
    recalls.c.kind == RecallKind.CORRECT.value,
    ~exists().where(recall_steps.c.recall == recalls.c.id),
    ~exists().where(_later.c.post == recalls.c.post, _later.c.id > recalls.c.id),
)
_ASKED = ("ordered", "asked_person", "seen_again")  # events by which a step became a person's
_SHOWN = (
    *(items.c.id, items.c.account, items.c.unit, items.c.platform, items.c.platform_id),
    *(items.c.push_id, items.c.url, items.c.title, items.c.text, items.c.repost_of),
    *(items.c.notified, items.c.by_bot, items.c.publication, items.c.published_at),
    *(items.c.last_seen_at, items.c.deleted_at),
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An item that is or was the post, as far as the ledger knows."""

    id: int
    account: str
    unit: str
    platform: str
    platform_id: str
    push_id: str
    url: str
    title: str
    text: str
    repost_of: str
    notified: bool
    by_bot: bool
    publication: int | None
    published_at: datetime
    last_seen_at: datetime
    deleted_at: datetime | None
    version: str = ""  # which one a verdict says it carries


async def lock(conn: Connection, post: str) -> None:
    """Until the transaction ends nobody else moves a publication of the post."""
    query = select(publications.c.id).where(publications.c.post == post)
    # In the order the journal locks them, or two would lock each other out.
    await conn.execute(query.order_by(publications.c.id).with_for_update())


async def order(
    conn: Connection,
    post: str,
    kind: RecallKind,
    *,
    reason: str,
    by: str,
    content_hash: str,
    now: datetime,
) -> Recall:
    """Enters a recall."""
    made = await conn.execute(
        insert(recalls).values(
            post=post, kind=kind.value, reason=reason, by=by, at=now, content_hash=content_hash
        )
    )
    key = made.inserted_primary_key
    assert key is not None
    return Recall(
        id=int(key[0]),
        post=post,
        kind=kind,
        reason=reason,
        by=by,
        at=now,
        content_hash=content_hash,
    )


async def add_steps(
    conn: Connection, recall: Recall, new: Sequence[NewStep], now: datetime
) -> None:
    """Enters steps, each with its first event."""
    for step in new:
        one, ended = step.carrier, step.state not in LIVING
        made = await conn.execute(
            insert(recall_steps).values(
                recall=recall.id,
                target=one.target,
                account=one.account,
                unit=one.unit,
                platform=one.platform,
                publication=one.publication,
                item=one.item,
                how=step.how.value,
                state=step.state.value,
                version=one.version,
                made_at=now,
                next_at=step.look_at(now),
                error={},
                done_by=recall.by if ended else "",
                done_at=now if ended else None,
                evidence={"word": step.word} if step.word else {},
            )
        )
        key = made.inserted_primary_key
        assert key is not None
        await _told(conn, int(key[0]), step.word or "ordered", now, by=recall.by, facts={})


async def change(
    conn: Connection, change: Change, now: datetime, *, lease: str | None = None
) -> bool:
    """Carries a change out; False when somebody else was first.

    With `lease` only while that lease is the step's. A person's word counts whoever works on it.
    """
    conditions = [recall_steps.c.id == change.step, recall_steps.c.state == change.was.value]
    if lease is not None:
        conditions.append(recall_steps.c.lease == lease)
    elif not change.by:
        conditions.append(or_(recall_steps.c.lease.is_(None), recall_steps.c.next_at <= now))
    done = await conn.execute(update(recall_steps).where(*conditions).values(**change.columns))
    if done.rowcount and change.name:
        await _told(conn, change.step, change.name, now, by=change.by, facts=change.facts)
    return bool(done.rowcount)


async def _told(
    conn: Connection, step: int, name: str, now: datetime, *, by: str, facts: Mapping[str, object]
) -> None:
    values = {"step": step, "at": now, "name": name, "by": by, "facts": dict(facts)}
    await conn.execute(insert(recall_events).values(**values))


def _recall(row: Any) -> Recall:
    return Recall(**{**row._mapping, "kind": RecallKind(row.kind)})


def _step(row: Any) -> RecallStep:
    return RecallStep(**{**row._mapping, "how": How(row.how), "state": StepState(row.state)})


async def get(conn: Connection, recall: int) -> Recall | None:
    """One recall, or None."""
    row = (await conn.execute(select(recalls).where(recalls.c.id == recall))).one_or_none()
    return None if row is None else _recall(row)


async def every(conn: Connection, *, post: str = "") -> list[Recall]:
    """All recalls, the newest first; of one post if it is named."""
    query = select(recalls).order_by(recalls.c.id.desc())
    if post:
        query = query.where(recalls.c.post == post)
    return [_recall(row) for row in await conn.execute(query)]


async def in_force(conn: Connection, since: datetime | None) -> list[Recall]:
    """Recalls with something open, oldest first, and all that were ordered at `since` or later."""
    wanted: ColumnElement[bool] = or_(recalls.c.id.in_(_UNFINISHED), _NOT_BEGUN)
    if since is not None:
        wanted = or_(recalls.c.at >= since, wanted)
    query = select(recalls).where(wanted).order_by(recalls.c.id)
    return [_recall(row) for row in await conn.execute(query)]


async def open_corrections(conn: Connection) -> list[Recall]:
    """Corrections not carried out everywhere to the version that is the post's newest."""
    query = (
        select(recalls)
        .join(posts, posts.c.id == recalls.c.post)
        .where(
            recalls.c.kind == RecallKind.CORRECT.value,
            recalls.c.content_hash == posts.c.content_hash,
            or_(recalls.c.id.in_(_UNFINISHED), _NOT_BEGUN),
        )
    )
    return [_recall(row) for row in await conn.execute(query.order_by(recalls.c.id))]


async def withdrawn(conn: Connection, ids: Collection[str]) -> dict[str, datetime]:
    """Those of these posts that a person has withdrawn, and when."""
    query = (
        select(recalls.c.post, recalls.c.at)
        .where(recalls.c.post.in_(sorted(ids)), recalls.c.kind == RecallKind.WITHDRAW.value)
        .order_by(recalls.c.at.desc())
    )
    return {row.post: row.at for row in await conn.execute(query)}


async def steps(conn: Connection, ids: Collection[int]) -> list[RecallStep]:
    """All steps of these recalls, by account."""
    return await _steps(conn, recall_steps.c.recall.in_(sorted(ids)))


async def step(conn: Connection, key: int) -> RecallStep | None:
    """One step, or None."""
    found = await _steps(conn, recall_steps.c.id == key)
    return found[0] if found else None


async def open_tasks(conn: Connection) -> list[tuple[RecallStep, Recall]]:
    """Steps a person must do, each with its recall, oldest first."""
    found = await _steps(
        conn,
        recall_steps.c.state.in_(_LIVING),
        recall_steps.c.how == How.TASK.value,
    )
    query = select(recalls).where(recalls.c.id.in_({one.recall for one in found}))
    known = {row.id: _recall(row) for row in await conn.execute(query)}
    return [(one, known[one.recall]) for one in sorted(found, key=lambda one: one.id)]


async def asked_at(conn: Connection, ids: Collection[int]) -> dict[int, datetime]:
    """Step → since when it is the liaison's, of steps that are theirs."""
    query = (
        select(recall_events.c.step, func.max(recall_events.c.at).label("at"))
        .where(recall_events.c.step.in_(sorted(ids)), recall_events.c.name.in_(_ASKED))
        .group_by(recall_events.c.step)
    )
    return {row.step: row.at for row in await conn.execute(query)}


async def _steps(conn: Connection, *conditions: ColumnElement[bool]) -> list[RecallStep]:
    query = select(recall_steps).where(*conditions)
    rows = await conn.execute(query.order_by(recall_steps.c.account, recall_steps.c.id))
    return [_step(row) for row in rows]


async def next_due(conn: Connection) -> datetime | None:
    """When the bot must look at a step next."""
    query = (
        select(recall_steps.c.next_at)
        .where(recall_steps.c.state.in_(_LIVING), recall_steps.c.next_at.is_not(None))
        .order_by(recall_steps.c.next_at)
        .limit(1)
    )
    moment: datetime | None = await conn.scalar(query)
    return moment


async def claim(
    conn: Connection, now: datetime, *, lease: str, until: datetime, limit: int
) -> list[RecallStep]:
    """Steps whose time has come, now held under `lease`; whoever comes second gets none."""
    due = (
        select(recall_steps.c.id)
        .where(recall_steps.c.state.in_(_LIVING), recall_steps.c.next_at <= now)
        .order_by(recall_steps.c.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [row.id for row in await conn.execute(due)]
    if not found:
        return []
    await conn.execute(
        update(recall_steps).where(recall_steps.c.id.in_(found)).values(lease=lease, next_at=until)
    )
    return await _steps(conn, recall_steps.c.id.in_(found))


async def events(conn: Connection, recall: int) -> list[Mapping[str, Any]]:
    """What happened to a recall's steps, oldest first, with the account."""
    query = (
        select(recall_events, recall_steps.c.account)
        .join(recall_steps, recall_steps.c.id == recall_events.c.step)
        .where(recall_steps.c.recall == recall)
        .order_by(recall_events.c.id)
    )
    return [dict(row._mapping) for row in await conn.execute(query)]


async def shown(conn: Connection, post: str) -> list[Shown]:
    """Items of the post: those of its publications, and those a verdict in force ties to it."""
    own = select(*_SHOWN).join(publications, publications.c.id == items.c.publication)
    mine = each(Shown, await conn.execute(own.where(publications.c.post == post)))
    found = (
        select(*_SHOWN, verdicts.c.content_hash.label("version"))
        .join(verdicts, verdicts.c.item == items.c.id)
        .where(
            verdicts.c.post == post,
            verdicts.c.decision == "reprinted",
            verdicts.c.superseded.is_(False),
        )
    )
    known = {one.id for one in mine}
    told = each(Shown, await conn.execute(found))
    return mine + [one for one in told if one.id not in known]


async def links(conn: Connection, found: Sequence[RecallStep]) -> dict[int, str]:
    """Step → where the post is or was to be seen; "" where no link is known."""
    pubs = {step.publication for step in found if step.publication is not None}
    shown = {step.item for step in found if step.item is not None}
    by_pub = select(publications.c.id, publications.c.url).where(publications.c.id.in_(pubs))
    by_item = select(items.c.id, items.c.url).where(items.c.id.in_(shown))
    of_pub = {row.id: row.url for row in await conn.execute(by_pub)}
    of_item = {row.id: row.url for row in await conn.execute(by_item)}
    return {
        step.id: of_pub.get(step.publication, "") or of_item.get(step.item, "") for step in found
    }


async def doubtful(conn: Connection, post: str) -> list[str]:
    """Accounts with something that may be the post; a person must decide."""
    query = (
        select(verdicts.c.account)
        .join(items, items.c.id == verdicts.c.item)
        .where(
            verdicts.c.post == post,
            verdicts.c.decision == "doubtful",
            verdicts.c.superseded.is_(False),
            items.c.deleted_at.is_(None),
        )
        .distinct()
        .order_by(verdicts.c.account)
    )
    return [row.account for row in await conn.execute(query)]


async def push(conn: Connection, one: Shown) -> list[Shown]:
    """The further articles of the same push, in their order."""
    query = select(*_SHOWN).where(
        items.c.account == one.account,
        items.c.push_id == one.push_id,
        items.c.push_id != "",
        items.c.id != one.id,
        items.c.by_bot,
        items.c.publication.is_(None),
    )
    return each(Shown, await conn.execute(query.order_by(items.c.id)))


async def gone(conn: Connection, ids: Collection[int], now: datetime, *, vanished: bool) -> None:
    """Notes that these items are not to be seen any more.

    `vanished`: they are only not listed, so a listing that shows them again counts.
    """
    await conn.execute(
        update(items)
        .where(items.c.id.in_(sorted(ids)), items.c.deleted_at.is_(None))
        .values(deleted_at=now, vanished=vanished)
    )
