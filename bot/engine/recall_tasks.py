"""What recalls ask of people: the open tasks, what they are about, and the word that ends them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bot.domain import recall as rules
from bot.domain.differences import Difference, differences
from bot.domain.publication import Role
from bot.domain.recall import LIVING, How, Recall, RecallKind, RecallStep, StepState
from bot.domain.tasks import Task, TaskKind
from bot.engine.recalling import carried_out
from bot.ledger import approvals, journal, posts, recalls
from bot.ledger.approvals import Version
from bot.ledger.connection import Connection
from bot.ledger.journal import Event
from bot.ledger.posts import StoredPost

_KIND = {RecallKind.WITHDRAW: TaskKind.WITHDRAW, RecallKind.CORRECT: TaskKind.CORRECT}


async def open_tasks(conn: Connection, *, units: Collection[str] = ()) -> list[Task]:
    """What liaisons must take down or correct, of `units` only if any are named."""
    found = await recalls.open_tasks(conn)
    refused = await approvals.refused(conn, {recall.post for _step, recall in found})
    mine = [
        (step, recall)
        for step, recall in found
        if (not units or step.unit in units) and not _is_refused(recall, refused)
    ]
    stored = await posts.some_posts(conn, {recall.post for _step, recall in mine})
    asked = await recalls.asked_at(conn, {step.id for step, _recall in mine})
    return [
        _task(step, recall, stored[recall.post], asked.get(step.id, step.made_at))
        for step, recall in mine
    ]


async def find_task(conn: Connection, kind: TaskKind, key: int) -> Task | None:
    """The open task of this step; None when it has ended, or never was one."""
    step = await recalls.step(conn, key)
    recall = await recalls.get(conn, step.recall) if step is not None else None
    if step is None or recall is None or _KIND[recall.kind] is not kind:
        return None
    if step.how is not How.TASK or step.state not in LIVING:
        return None
    if _is_refused(recall, await approvals.refused(conn, [recall.post])):
        return None
    stored = (await posts.some_posts(conn, [recall.post]))[recall.post]
    asked = await recalls.asked_at(conn, [step.id])
    return _task(step, recall, stored, asked.get(step.id, step.made_at))


def _is_refused(recall: Recall, refused: Collection[Version]) -> bool:
    """True for a correction to a version that its reviewers have refused since it began."""
    correction = recall.kind is RecallKind.CORRECT
    return correction and (recall.post, recall.content_hash) in refused


def _task(step: RecallStep, recall: Recall, post: StoredPost, since: datetime) -> Task:
    return Task(
        kind=_KIND[recall.kind],
        ref=step.id,
        post=recall.post,
        title=post.title,
        unit=step.unit,
        account=step.account,
        platform=step.platform,
        role=Role.LIAISON,
        since=since,
        again=step.again,
    )


async def say_done(
    conn: Connection, key: int, *, by: str, note: str = "", cannot: bool = False, now: datetime
) -> list[Event] | None:
    """A person says that a step is done, or that it cannot be, in the caller's transaction.

    Returns the events for `Journal.tell`; None when the step is over already or not there.
    """
    step = await recalls.step(conn, key)
    recall = await recalls.get(conn, step.recall) if step is not None else None
    if step is None or recall is None or step.state not in LIVING:
        return None
    state, word = (StepState.FAILED, "cannot") if cannot else (StepState.DONE, "said_done")
    change = rules.over(step, state, word, now, by=by, evidence={"note": note} if note else {})
    if not await recalls.change(conn, change, now):
        return None
    made: list[Event] = []
    if not cannot:
        await journal.apply(conn, carried_out(recall, step, by=by), now, made)
    return made


async def changes(conn: Connection, recall: Recall, version: str) -> list[Difference]:
    """What a correction changes for somebody who carries `version`; [] where that is not known."""
    known = dict((await posts.versions(conn, [recall.post])).get(recall.post, ()))
    old, new = known.get(version), known.get(recall.content_hash)
    return [] if old is None or new is None else differences(old, new)
