"""The tasks that are open: read off the ledger, so that there is nothing to forget or to double."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain import transitions
from bot.domain.post import Kind
from bot.domain.publication import GIVEN, Publication, State
from bot.domain.step import Step
from bot.domain.tasks import Answer, Said, Task, TaskKind, kind_of, parse_id, role_of
from bot.engine import carried, people, recall_tasks
from bot.engine.ports import Core
from bot.engine.task_faults import faults
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import journal, posts, publications, recalls
from bot.ledger.connection import Connection
from bot.ledger.journal import Event, Move
from bot.ledger.posts import StoredPost

_OF_RECALLS = frozenset({TaskKind.CORRECT, TaskKind.WITHDRAW})
_WAITING = (State.HELD, State.HANDED_OFF, State.UNKNOWN)


async def open_tasks(conn: Connection, *, units: Collection[str] = ()) -> list[Task]:
    """All open tasks, of `units` only if any are named; by deadline, then as they came up."""
    found = await publications.in_states(conn, _WAITING, units=units)
    return in_order([*await _tasks(conn, found), *await recall_tasks.open_tasks(conn, units=units)])


async def find_task(conn: Connection, name: str) -> Task | None:
    """The open task of this id; None when it has ended, or never was."""
    parsed = parse_id(name)
    if parsed is not None and parsed[0] in _OF_RECALLS:
        return await recall_tasks.find_task(conn, *parsed)
    pub = await publications.get(conn, parsed[1]) if parsed else None
    if parsed is None or pub is None:
        return None
    return next((task for task in await _tasks(conn, [pub]) if task.kind is parsed[0]), None)


async def unit_of(conn: Connection, name: str) -> str:
    """Whose task it is or was; "" when there never was one of this name."""
    parsed = parse_id(name)
    if parsed is None:
        return ""
    if parsed[0] in _OF_RECALLS:
        step = await recalls.step(conn, parsed[1])
        return step.unit if step else ""
    pub = await publications.get(conn, parsed[1])
    return pub.unit if pub else ""


async def carry_out(
    conn: Connection, task: Task, answer: Answer, *, by: str, now: datetime
) -> list[Event] | None:
    """Does what a person said, inside the caller's transaction.

    Returns the events for `Journal.tell`, once they are durable; None when the task has ended
    meanwhile, and nothing was changed. The answer must have been found fit for the task.
    """
    if task.kind in _OF_RECALLS:
        note = " ".join(part for part in (answer.text, answer.url) if part)
        return await recall_tasks.say_done(conn, task.ref, by=by, note=note, now=now)
    pub = await publications.get(conn, task.ref)
    if pub is None or kind_of(pub) is not task.kind:
        return None
    made: list[Event] = []
    released = (await posts.some_posts(conn, [pub.post]))[pub.post].first_release_at
    move = Move(publication=pub.id, step=_step(pub, answer, released, by=by, now=now))
    (applied,) = await journal.apply(conn, [move], now, made)
    await carried.take_times(conn, pub.account, now, made)
    return made if applied.ok else None


async def finish(core: Core, name: str, answer: Answer, *, by: str) -> Task:
    """Does an open task at once, for somebody of the office; returns it.

    Raises UsageError when there is no such task (any more), or the answer does not fit it.
    """
    now = core.clock.now()
    async with core.ledger.write() as conn:
        task = await named(conn, name)
        wrong = await faults(conn, task, answer, now=now)
        if wrong:
            raise UsageError(" ".join(wrong.values()))
        made = await carry_out(conn, task, answer, by=by, now=now)
    if made is None:
        raise _no_such(name)
    core.journal.tell(made)
    return task


async def named(conn: Connection, name: str) -> Task:
    """The open task of this id; raises UsageError when there is none."""
    task = await find_task(conn, name)
    if task is None:
        raise _no_such(name)
    return task


def _no_such(name: str) -> UsageError:
    message = _("There is no open task {name}. `bot tasks list` shows those there are.")
    return UsageError(message.format(name=name))


def _step(
    pub: Publication, answer: Answer, released: datetime | None, *, by: str, now: datetime
) -> Step:
    match answer.said:
        case Said.AGREED:
            return transitions.accept(by=by, now=now)
        case Said.DECLINED:
            return transitions.cancel(reason="declined", by=by, text=answer.text)
        case _:
            at = answer.at or now
            return people.confirmation(pub, url=answer.url, at=at, released=released, by=by)


def in_order(tasks: Sequence[Task]) -> list[Task]:
    """What is due first comes first."""
    return sorted(tasks, key=lambda one: (_rank(one.deadline_at), _rank(one.since), one.id))


def _rank(moment: datetime | None) -> tuple[bool, float]:
    return (moment is None, moment.timestamp() if moment else 0.0)


async def _tasks(conn: Connection, pubs: Sequence[Publication]) -> list[Task]:
    asking = [(kind, pub) for pub in pubs if (kind := kind_of(pub)) is not None]
    stored = await posts.some_posts(conn, {pub.post for _kind, pub in asking})
    given = [pub.id for kind, pub in asking if kind is TaskKind.HAND_OFF]
    again = await publications.reopened(conn, given) if given else {}
    return [_task(kind, pub, stored[pub.post], again.get(pub.id, 0)) for kind, pub in asking]


def _task(kind: TaskKind, pub: Publication, post: StoredPost, again: int) -> Task:
    return Task(
        kind=kind,
        ref=pub.id,
        post=pub.post,
        title=post.title,
        unit=pub.unit,
        account=pub.account,
        platform=pub.platform,
        why=pub.fallback if kind is TaskKind.HAND_OFF and pub.fallback != GIVEN else "",
        role=role_of(pub),
        since=post.first_release_at if pub.kind is Kind.REPRINT else pub.due_at,
        deadline_at=post.deadline_at if pub.kind is Kind.REPRINT else None,
        # A package can be published, and an account looked at, whenever it is done.
        until=pub.not_after if kind is TaskKind.ACCEPT else None,
        again=again,
        version=pub.content_hash,
    )
