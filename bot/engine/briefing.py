"""What a person must know to do a task: what it is about, for which account, by when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from bot.domain import words
from bot.domain.differences import Difference
from bot.domain.plain import plain_text
from bot.domain.post import Variant
from bot.domain.publication import Publication
from bot.domain.roster import Account, Unit
from bot.domain.tasks import Task, TaskKind, parse_id
from bot.engine import context, recall_tasks, task_faults
from bot.engine.ports import Core
from bot.ledger import publications, recalls, roster
from bot.ledger.connection import Connection

_OF_PUBLICATIONS = frozenset({TaskKind.ACCEPT, TaskKind.HAND_OFF, TaskKind.LOOK})


@dataclass(frozen=True, kw_only=True)
class Brief:
    """A task with everything around it."""

    task: Task
    matrix: str
    unit: Unit
    account: Account
    pub: Publication | None  # None: the task is about a recall
    variant: Variant | None  # what it looks like on this account
    reason: str = ""  # why it must be corrected or taken down, in a person's words
    url: str = ""  # what must be corrected or taken down
    needs_time: bool = False  # a report must say since when
    changes: Sequence[Difference] = ()  # what a correction takes out and puts in

    @property
    def text(self) -> str:
        """The words as readers will see them, without pictures."""
        if self.variant is None:
            return ""
        return plain_text(self.variant.body) or self.variant.text

    @property
    def pictures(self) -> int:
        """How many pictures go with it."""
        return len(self.variant.images) + len(self.variant.inline) if self.variant else 0

    @property
    def package(self) -> str:
        """The name of the package's folder; "" without one."""
        made = self.pub.checkpoint.get("package", "") if self.pub else ""
        return PurePath(made).name

    @property
    def trouble(self) -> str:
        """Why the bot asks, in words; "" where that goes without saying."""
        if self.pub is None or self.task.kind is not TaskKind.LOOK:
            return ""
        return words.reason(self.pub.reason)


async def brief(core: Core, conn: Connection, task: Task) -> Brief:
    """What is known of the task now."""
    if task.kind not in _OF_PUBLICATIONS:
        return await _of_recall(conn, task)
    pub = await publications.get(conn, task.ref)
    known = await context.load(conn, [] if pub is None else [pub])
    members = known.roster
    variant = None if pub is None else context.variant_of(core, known, pub)
    return Brief(
        task=task,
        matrix=members.name,
        unit=members.units[task.unit],
        account=members.accounts[task.account],
        pub=pub,
        variant=variant,
        needs_time=await task_faults.needs_time(conn, task.account, task.since, core.clock.now()),
    )


async def _of_recall(conn: Connection, task: Task) -> Brief:
    members = await roster.load(conn)
    step = await recalls.step(conn, task.ref)
    recall = await recalls.get(conn, step.recall) if step is not None else None
    assert step is not None
    assert recall is not None
    correct = task.kind is TaskKind.CORRECT
    return Brief(
        task=task,
        matrix=members.name,
        unit=members.units[task.unit],
        account=members.accounts[task.account],
        pub=None,
        variant=None,
        reason=recall.reason,
        url=(await recalls.links(conn, [step])).get(step.id, ""),
        changes=await recall_tasks.changes(conn, recall, step.version) if correct else (),
    )


async def how_it_stands(conn: Connection, task: str) -> str:
    """What became of what a task was about, in words; "" when that cannot be said."""
    found = parse_id(task)
    if found is None or found[0] not in _OF_PUBLICATIONS:
        return ""
    pub = await publications.get(conn, found[1])
    return words.state(pub.state) if pub else ""
