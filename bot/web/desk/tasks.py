"""/tasks: what a unit must do now, done here by who is logged in. As behind a link of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from aiohttp import web

from bot.domain import task_words, words
from bot.domain.people import Right
from bot.domain.roster import Roster
from bot.domain.tasks import Task, TaskKind
from bot.engine import briefing, handles, task_faults, tasks
from bot.i18n import _
from bot.ledger import audit, people, posts, roster
from bot.ledger.connection import Connection
from bot.ledger.journal import Event
from bot.web import asking
from bot.web.asking import Typed
from bot.web.codes import qr
from bot.web.desk.fields import Fields
from bot.web.desk.paging import Pages, pages
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Refused, Visit

_ANSWERED = "task.answered"  # in the log


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the list."""

    task: Task
    what: str
    owed_by: str
    account: str
    platform: str
    late: bool


async def show_all(visit: Visit) -> web.StreamResponse:
    """What is open: of the own unit, or of all by unit."""
    mine = visit.who.only_unit
    chosen = mine or visit.query("unit")

    async def load() -> tuple[Sequence[Task], Roster]:
        async with visit.core.ledger.read() as conn:
            units = [chosen] if chosen else ()
            return await tasks.open_tasks(conn, units=units), await roster.load(conn)

    answer = await visit.remembered(("tasks", chosen), load)
    found, members = answer.value
    kind = visit.query("kind")
    wanted = [one for one in found if kind in {"", one.kind.value}]
    order = {unit: place for place, unit in enumerate(members.units)}
    wanted.sort(key=lambda one: order.get(one.unit, len(order)))  # stable: by deadline within
    part = pages(visit, wanted)
    return visit.render(
        "tasks",
        title=_("Tasks"),
        groups=_by_unit(part, members, answer.at),
        pages=part,
        late=sum(_is_late(one, answer.at) for one in wanted),
        units=[] if mine else [(unit.id, unit.short) for unit in members.units.values()],
        kinds=[(one.value, task_words.task(one)) for one in TaskKind],
        chosen={"unit": chosen, "kind": kind},
        at=answer.at,
        **await _just_answered(visit),
    )


async def _just_answered(visit: Visit) -> Mapping[str, Any]:
    """What the page says at its top after an answer: what was recorded, of which post."""
    name = visit.query("answered")
    if not name:
        return {}
    by = visit.who.login
    async with visit.core.ledger.read() as conn:
        found = await audit.entries(conn, subject=name, actions=[_ANSWERED], by=by, limit=1)
        named = [str(one.facts.get("post", "")) for one in found]
        stored = await posts.some_posts(conn, named)
        members = await roster.load(conn)
    message = _("Recorded: {title} on {account}: {decision}. {url}")
    for entry in found:
        post_, account = str(entry.facts.get("post", "")), str(entry.facts.get("account", ""))
        said = message.format(
            title=stored[post_].title if post_ in stored else post_,
            account=members.accounts[account].name if account in members.accounts else account,
            decision=task_words.said(str(entry.facts.get("said", ""))),
            url=entry.facts.get("url", ""),
        )
        return {"said": said.strip()}
    return {}


def _by_unit(part: Pages[Task], members: Roster, now: datetime) -> list[tuple[str, list[Row]]]:
    found = []
    for unit, mine in groupby(part.rows, key=lambda one: one.unit):
        name = members.units[unit].short if unit in members.units else unit
        found.append((name, [_row(one, members, now) for one in mine]))
    return found


def _row(task: Task, members: Roster, now: datetime) -> Row:
    account = members.accounts.get(task.account)
    return Row(
        task=task,
        what=task_words.task(task.kind),
        owed_by=words.role(task.role),
        account=account.name if account else task.account,
        platform=words.platform(task.platform),
        late=_is_late(task, now),
    )


def _is_late(task: Task, now: datetime) -> bool:
    return task.deadline_at is not None and task.deadline_at < now


async def show(visit: Visit) -> web.StreamResponse:
    """One task, to be done."""
    async with visit.core.ledger.read() as conn:
        task = await _open(visit, conn)
        asked = await asking.asked(visit.core, conn, task)
    return await _page(visit, asked, Typed(), {})


async def _open(visit: Visit, conn: Connection) -> Task:
    """The open task of this address; ends the visit in words where there is none (any more)."""
    name = visit.part("id")
    task = await tasks.find_task(conn, name)
    unit = task.unit if task else await tasks.unit_of(conn, name)
    if not unit:
        visit.missing()
    visit.must_see(unit)
    if task is None:
        raise await _ended(visit, conn, name)
    return task


async def _ended(visit: Visit, conn: Connection, name: str) -> Refused:
    """That nothing is left to do, and who did it as far as that is known."""
    text = _("There is nothing left to do here.")
    for entry in await audit.entries(conn, subject=name, actions=[_ANSWERED], limit=1):
        message = _("{who} has answered already, on {time}: {decision}.")
        decision = task_words.said(str(entry.facts.get("said", "")))
        person = await people.find(conn, entry.by)
        who = person.name if person else entry.by
        text = message.format(who=who, time=visit.when(entry.at), decision=decision)
    state = await briefing.how_it_stands(conn, name)
    text += _(" The post is now: {state}.").format(state=state) if state else ""
    return Refused(409, text, _("Already dealt with"))


async def _page(
    visit: Visit,
    asked: asking.Asked,
    typed: Typed,
    faults: Mapping[str, str],
    *,
    status: int = 200,
    link: str = "",
) -> web.Response:
    task = asked.brief.task
    facts = await asking.shown(asked.brief, visit.desk.settings.files.handoff, visit.zone)
    return visit.render(
        "task",
        status=status,
        **facts,
        action=f"{visit.root}tasks/{task.id}",
        files=f"{visit.root}tasks/{task.id}/files/",
        hidden={"csrf": visit.csrf, "form": asked.seen},
        copying=True,
        typed=typed,
        faults=faults,
        **_phone(visit, link),
    )


def _phone(visit: Visit, link: str) -> Mapping[str, Any]:
    label = _("QR code of the link: scan it with the phone")
    return {
        "link": link,
        "code": qr(link, label) if link else "",
        "reachable": bool(visit.desk.settings.web.reached_at),
    }


async def answer(visit: Visit) -> web.StreamResponse:
    """Does what the form says, once; says what is wrong with it, and keeps what was typed."""
    fields = await visit.fields()
    typed = _typed(fields)
    said, faults = asking.answer_of(typed, visit.zone)
    made: Sequence[Event] | None = None
    async with visit.core.ledger.write() as conn:
        task = await _open(visit, conn)
        asked = await asking.asked(visit.core, conn, task)
        if said is not None:
            faults = await handles.unseen(conn, task, said, typed.form)
        if said is not None and not faults:
            faults = await task_faults.faults(conn, task, said, now=visit.now)
        if said is not None and not faults:
            made = await tasks.carry_out(conn, task, said, by=visit.who.login, now=visit.now)
            if made is None:  # another was faster
                raise await _ended(visit, conn, task.id)
            facts = {"said": said.said.value, "post": task.post, "account": task.account}
            await visit.note(conn, _ANSWERED, task.id, **facts, text=said.text, url=said.url)
    if made is None:
        return await _page(visit, asked, typed, faults, status=422)
    visit.core.journal.tell(made)
    return visit.go(f"tasks?answered={task.id}")


def _typed(fields: Fields) -> Typed:
    return Typed(**{name: fields.one(name) for name in Typed.__dataclass_fields__})


async def make_link(visit: Visit) -> web.StreamResponse:
    """The same task as a link for a phone, with its QR code; the page it is shown on."""
    reached_at = visit.desk.settings.web.reached_at
    if not reached_at:
        raise Refused(409, _("Links lead nowhere before web.public_url is set (docs/tasks.md)."))
    typed = _typed(await visit.fields())
    async with visit.core.ledger.write() as conn:
        task = await _open(visit, conn)
        asked = await asking.asked(visit.core, conn, task)
        link = await handles.link_of(
            conn, task, public_url=reached_at, sign=visit.desk.vault.sign, now=visit.now
        )
        await visit.note(conn, "task.link", task.id, account=task.account)
    return await _page(visit, asked, typed, {}, link=link)


async def file(visit: Visit) -> web.StreamResponse:
    """One file of the task's package."""
    async with visit.core.ledger.read() as conn:
        about = await briefing.brief(visit.core, conn, await _open(visit, conn))
    packages = visit.desk.settings.files.handoff
    found = await asking.package_file(about, packages, visit.part("name"))
    return found or visit.missing(_("The package holds no such file."))


ROUTES = (
    get("/tasks", show_all, Right.ANSWER),
    get("/tasks/{id}", show, Right.ANSWER),
    post("/tasks/{id}", answer, Right.ANSWER),
    get("/tasks/{id}/files/{name}", file, Right.ANSWER),
    post("/tasks/{id}/link", make_link, Right.ANSWER),
)
