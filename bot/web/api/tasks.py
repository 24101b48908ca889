"""/tasks: what people must do now, and their answers."""

from __future__ import annotations

from datetime import datetime

from bot.domain.people import Right
from bot.domain.publication import Role
from bot.domain.tasks import ANSWERS, Answer, Said, Task, TaskKind
from bot.engine import handles, shapes, task_faults, tasks
from bot.engine.shapes import Json
from bot.i18n import N_, _
from bot.ledger.connection import Connection
from bot.web.api.asked import Link, Name, Text
from bot.web.api.declared import Asked, Call, Told, get, post
from bot.web.api.faults import Fault, missing
from bot.web.api.publications import in_zone


class TaskTold(Told):
    """As `bot tasks list --format json` has it."""

    id: str
    kind: TaskKind
    post: str
    title: str
    unit: str
    account: str
    platform: str
    role: Role
    since: datetime | None
    deadline: datetime | None
    until: datetime | None


class TasksTold(Told):
    """All that is open, by deadline."""

    tasks: list[TaskTold]


class OpenTaskTold(TaskTold):
    """With the answers it takes, and the version of the text that a yes is about."""

    answers: list[Said]
    version: str


class TasksAsked(Asked):
    """Of these units; of all when none is named."""

    unit: tuple[Name, ...] = ()


class AnswerAsked(Asked):
    """`version`: of the text that was read; needed for "agreed", where the task has one."""

    said: Said
    text: Text = ""
    url: Link = ""
    at: datetime | None = None
    version: Name = ""


async def list_(call: Call, asked: TasksAsked) -> Json:
    """Who owes what, by when."""
    async with call.core.ledger.read() as conn:
        found = await tasks.open_tasks(conn, units=asked.unit)
    return {"tasks": [shapes.task(one, call.zone) for one in found]}


async def one(call: Call, _asked: Asked) -> Json:
    """While it is open."""
    async with call.core.ledger.read() as conn:
        task = await _open(call, conn)
        version = await handles.version_of(conn, task)
    said = sorted(answer.value for answer in ANSWERS[task.kind])
    return {**shapes.task(task, call.zone), "answers": said, "version": version}


async def _open(call: Call, conn: Connection) -> Task:
    task = await tasks.find_task(conn, call.part("id"))
    if task is None:
        message = _("There is no open task {name}; it may be done already.")
        raise missing(message.format(name=call.part("id")))
    return task


async def answer(call: Call, asked: AnswerAsked) -> Json:
    """Does what is said, once; the task as it was."""
    at = in_zone(call, asked.at)
    said = Answer(said=asked.said, text=asked.text, url=asked.url, at=at)
    async with call.core.ledger.write() as conn:
        task = await _open(call, conn)
        faults = await handles.unseen(conn, task, said, asked.version)
        faults = faults or await task_faults.faults(conn, task, said, now=call.now)
        if faults:
            told = [{"where": f"body.{name}", "text": text} for name, text in faults.items()]
            raise Fault(422, " ".join(faults.values()), code="not-fit", faults=told)
        made = await tasks.carry_out(conn, task, said, by=call.by, now=call.now)
        if made is None:
            raise Fault(409, _("The task has just been done by somebody else."), code="over")
        facts = {"said": said.said.value, "post": task.post, "account": task.account}
        await call.note(conn, "task.answered", task.id, **facts, text=said.text, url=said.url)
    call.core.journal.tell(made)
    return shapes.task(task, call.zone)


ENDPOINTS = (
    get("/tasks", list_, TasksTold, N_("What people must do now"), takes=TasksAsked),
    get("/tasks/{id}", one, OpenTaskTold, N_("One open task")),
    post(
        "/tasks/{id}/answer",
        answer,
        TaskTold,
        N_("Answer a task"),
        right=Right.ANSWER,
        takes=AnswerAsked,
    ),
)
