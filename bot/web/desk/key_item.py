"""/key-items/…: one key item: who carried it, who must act, and what an officer does about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.domain import charting, coverage_words, reminding, wording, words
from bot.domain.counts import By
from bot.domain.coverage import (
    CARRIED,
    LACKING,
    AccountRow,
    CellState,
    ItemCoverage,
    UnitRow,
)
from bot.domain.lacking import Lack, Todo
from bot.domain.people import Right
from bot.domain.publication import Publication, Role
from bot.domain.roster import Roster
from bot.domain.tasks import Task
from bot.engine import answers, exempting, handles, tasks
from bot.engine.reminding import URGED
from bot.i18n import _
from bot.ledger import audit, exemptions, people, posts, publications, roster, verdicts
from bot.ledger.exemptions import CALENDAR
from bot.ledger.verdicts import Carried
from bot.web.charts import curve
from bot.web.desk.counts import in_words
from bot.web.desk.key_items import as_of
from bot.web.desk.marks import Mark, doubtful, mark
from bot.web.desk.paging import pages
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Refused, Visit

_ASKED = {Todo.ACCEPT, Todo.HAND_OFF, Todo.LOOK}  # what a task of the unit does
_NOTED = ("item.exempted", "item.required", URGED, "match.confirmed", "match.refused")
_EXCUSED = {CellState.EXEMPT, CellState.OPTIONAL}  # units that nobody waits for
_REASON_MAX = 500


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the ledger says of the key item."""

    item: ItemCoverage
    lacks: Sequence[Lack]
    members: Roster
    matches: Mapping[str, Carried]  # by account: the one to look at
    publications: Mapping[str, Publication]  # by account
    names: Mapping[str, str]  # login → name
    granted: frozenset[str]  # units that a person exempted, and can require again


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Units that lack for the same reason."""

    mark: Mark
    role: str
    todo: str
    names: Sequence[tuple[str, str, str]]  # unit, who to talk to, address of what helps
    units: Sequence[str]  # that a reminder can be made for
    since: datetime | None
    reminded_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is known of one account."""

    unit: str
    account: str
    platform: str
    mark: Mark
    at: datetime | None
    url: str
    evidence: str
    outdated: bool
    match: int  # 0: none
    doubtful: bool
    why: str  # it has not carried it; "" when nothing more is known


async def show(visit: Visit) -> web.StreamResponse:
    """The key item as it is known now, or was at a moment."""
    return await _page(visit, {}, {})


async def _page(
    visit: Visit, typed: Mapping[str, str], faults: Mapping[str, str], *, status: int = 200
) -> web.Response:
    at, fault = as_of(visit)
    known = await _known(visit, at)
    item = known.item
    if fault:
        faults, status = {"as_of": fault}, 422
    lines = [_line(row, known, now=at is None) for row in item.accounts if _shown(row)]
    return visit.render(
        "key_item",
        status=status,
        title=item.title,
        item=item,
        coverage=coverage_words.percent(item.coverage),
        timeliness=coverage_words.percent(item.timeliness),
        figures=_figures(item),
        causes=_causes(known, now=at is None),
        pages=pages(visit, lines),
        doubtful=[line for line in lines if line.doubtful],
        exempt=[_exemption(row, known) for row in item.units if row.exemption],
        required=[
            (row.unit, known.members.units[row.unit].short)
            for row in item.units
            if row.exemption is None and row.state not in CARRIED
        ],
        complete=_complete(item) if visit.who.only_unit else "",
        # Of one unit there is no curve.
        chart="" if visit.who.only_unit else curve.chart(_curve(item, visit), "curve"),
        done=await _done(visit, known),
        chosen={"as_of": visit.query("as_of")},
        now=at is None,
        typed=typed,
        faults=faults,
        reason_max=_REASON_MAX,
    )


async def _known(visit: Visit, at: datetime | None) -> Known:
    name, only = visit.part("post"), visit.who.only_unit

    async def load() -> Known | None:
        found = await answers.covered(visit.core, ids=[name], at=at)
        if not found.items:
            return None
        async with visit.core.ledger.read() as conn:
            seen = await verdicts.carried(conn, [name])
            pubs = await publications.of_posts(conn, [name])
            everybody = await people.everybody(conn)
            exempt = (await exemptions.in_force(conn, [name], at=at)).get(name, {})
        return Known(
            item=found.items[0],
            lacks=found.lacking[name],
            members=found.members,
            matches=_matches(seen),
            publications={pub.account: pub for pub in pubs},
            names={one.login: one.name for one in everybody},
            granted=frozenset(unit for unit, one in exempt.items() if one.by != CALENDAR),
        )

    answer = await visit.remembered(("key-item", name, at), load)
    known = answer.value
    if known is None:
        visit.missing(_("There is no key item {names}.").format(names=name))
    return _of_unit(known, only) if only else known


def _matches(seen: Sequence[Carried]) -> dict[str, Carried]:
    """Of each account the doubtful one first, then what counts, then what was refused."""
    rank = {"doubtful": 0, "reprinted": 1}
    ordered = sorted(seen, key=lambda one: (one.deleted_at is not None, rank.get(one.decision, 2)))
    return {one.account: one for one in reversed(ordered)}


def _of_unit(known: Known, unit: str) -> Known:
    """The same as one unit may see it: its own, and counted from it alone."""
    item = known.item.of_unit(unit)
    if not item.units:
        raise Refused(403, _("This belongs to another unit."))
    return replace(known, item=item, lacks=[one for one in known.lacks if one.unit == unit])


def _curve(item: ItemCoverage, visit: Visit) -> charting.Curve:
    return charting.curve_of(item, visit.zone)


def _figures(item: ItemCoverage) -> list[tuple[Mark, int]]:
    """How many units are in each state there is."""
    states = [state for state in CellState if state is not CellState.NOT_EXPECTED]
    return [(mark(state), count) for state in states if (count := getattr(item, state.value))]


def _complete(item: ItemCoverage) -> str:
    """What the page says to a unit that has nothing left to do."""
    if any(row.state in CARRIED or row.carried for row in item.units):
        return _("Your unit has carried it.")
    return _("Your unit need not carry it.")


def _shown(row: AccountRow) -> bool:
    return row.state is not CellState.NOT_EXPECTED


def _line(row: AccountRow, known: Known, *, now: bool) -> Line:
    account = known.members.accounts.get(row.account)
    unit = known.members.units.get(row.unit)
    match = known.matches.get(row.account) if now else None
    waits = match is not None and match.decision == "doubtful" and match.deleted_at is None
    whole = next((one for one in known.item.units if one.unit == row.unit), None)
    excused = whole is not None and whole.state in _EXCUSED and row.state not in CARRIED
    return Line(
        unit=unit.short if unit else row.unit,
        account=account.name if account else row.account,
        platform=words.platform(account.platform) if account else "",
        mark=doubtful() if waits else mark(whole.state if whole and excused else row.state),
        at=row.at,
        url=row.url,
        evidence=words.evidence(row.evidence) if row.evidence else "",
        outdated=row.outdated,
        match=match.verdict if match else 0,
        doubtful=waits,
        why=_why(row, whole, known) if now and not excused and not waits else "",
    )


def _why(row: AccountRow, whole: UnitRow | None, known: Known) -> str:
    """What an account that has not carried it waits for."""
    if row.state not in LACKING:
        return ""
    if whole is not None and whole.state in CARRIED:
        return _("the unit has carried it on another account")
    pub = known.publications.get(row.account)
    return words.trouble(pub) if pub is not None else ""


def _causes(known: Known, *, now: bool) -> list[Cause]:
    groups: dict[tuple[CellState, Role, Todo], list[Lack]] = {}
    for lack in known.lacks:
        groups.setdefault((lack.state, lack.role, lack.todo), []).append(lack)
    return [
        Cause(
            mark=doubtful() if todo is Todo.DECIDE else mark(state),
            role=words.role(role) or _("nobody"),
            todo=coverage_words.todo(todo),
            names=[_name(lack, known, now=now) for lack in mine],
            units=[lack.unit for lack in mine] if now and todo in _ASKED else [],
            since=min((lack.since for lack in mine if lack.since), default=None),
            reminded_at=max((one.reminded_at for one in mine if one.reminded_at), default=None),
        )
        for (state, role, todo), mine in groups.items()
    ]


def _name(lack: Lack, known: Known, *, now: bool) -> tuple[str, str, str]:
    unit = known.members.units[lack.unit]
    who = unit.liaison if lack.role is Role.LIAISON else ""
    pub, match = known.publications.get(lack.account), known.matches.get(lack.account)
    where = ""
    if now and lack.todo in _ASKED and pub is not None:
        where = f"tasks/{lack.todo.value}-{pub.id}"
    elif now and lack.todo is Todo.DECIDE and match:
        where = f"matches/{match.verdict}"
    return unit.short, who, where


@dataclass(frozen=True, kw_only=True)
class Exempted:
    """A unit that need not carry it, and why."""

    unit: str
    name: str
    by: str
    since: datetime
    reason: str
    ends_here: bool  # here, and not in the calendar


def _exemption(row: UnitRow, known: Known) -> Exempted:
    assert row.exemption is not None
    by = row.exemption.by
    return Exempted(
        unit=row.unit,
        name=known.members.units[row.unit].short,
        by=_("the calendar") if by == CALENDAR else known.names.get(by, by),
        since=row.exemption.at,
        reason=row.reason,
        ends_here=row.unit in known.granted,
    )


@dataclass(frozen=True, kw_only=True)
class Done:
    """What somebody did about it here."""

    at: datetime
    action: str  # the log's fixed word
    what: str  # units and accounts by their names
    reason: str
    by: str


async def _done(visit: Visit, known: Known) -> list[Done]:
    """What people did about it here, the last first; for those who may read the log."""
    if not visit.may(Right.LOG):
        return []
    async with visit.core.ledger.read() as conn:
        found = await audit.entries(conn, subject=visit.part("post"), actions=_NOTED, limit=50)
    return [
        Done(
            at=one.at,
            action=one.action,
            what=_(", ").join(_told(one.facts, known.members)),
            reason=str(one.facts.get("reason", "")),
            by=known.names.get(one.by, one.by),
        )
        for one in found
    ]


def _told(facts: Mapping[str, Any], members: Roster) -> Iterator[str]:
    for name in (facts.get("unit"), *facts.get("units", ())):
        if name:
            yield members.units[name].short if name in members.units else str(name)
    if account := facts.get("account"):
        yield in_words(By.ACCOUNT, account, members)


# ── what an officer does about it ─────────────────────────────────────────────────────────────


async def exempt(visit: Visit) -> web.StreamResponse:
    """Exempts a unit, with a reason."""
    fields, name = await visit.fields(), visit.part("post")
    unit, reason = fields.one("unit"), fields.one("reason")
    faults = {}
    if not unit:
        faults["unit"] = _("Choose the unit.")
    if not reason:
        faults["reason"] = _("Say why, in a few words.")
    elif len(reason) > _REASON_MAX:
        limit = _("This is too long: at most {limit} characters.")
        faults["reason"] = limit.format(limit=_REASON_MAX)
    if faults:
        return await _page(visit, {"unit": unit, "reason": reason}, faults, status=422)
    await exempting.exempt(visit.core, name, unit, reason=reason, by=visit.who.login)
    await visit.noted("item.exempted", name, unit=unit, reason=reason)
    return visit.go(f"key-items/{quote(name, safe='')}?done=saved")


async def require(visit: Visit) -> web.StreamResponse:
    """Ends an exemption."""
    unit, name = (await visit.fields()).one("unit"), visit.part("post")
    await exempting.end(visit.core, name, unit, by=visit.who.login)
    await visit.noted("item.required", name, unit=unit)
    return visit.go(f"key-items/{quote(name, safe='')}?done=saved")


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent to a unit's liaison by hand."""

    unit: str
    liaison: str
    text: str


async def remind(visit: Visit) -> web.StreamResponse:
    """Has the bot remind the units now; who has no contact gets a message to copy into a chat."""
    units, name = set((await visit.fields()).all("unit")), visit.part("post")
    settings = visit.desk.settings
    async with visit.core.ledger.write() as conn:
        stored = (await posts.key_items(conn, ids=[name]))[:1]
        if not stored:
            visit.missing(_("There is no key item {names}.").format(names=name))
        members = await roster.load(conn)
        found = [one for one in await tasks.open_tasks(conn, units=units) if one.post == name]
        wanted = [one for one in found if one.unit in units and reminding.is_urged(one)]
        told = await _reached(visit, members, {one.unit for one in wanted})
        messages = []
        for task in wanted:
            if task.unit in told:
                continue
            link = ""
            if settings.web.reached_at:
                link = await handles.link_of(
                    conn,
                    task,
                    public_url=settings.web.reached_at,
                    sign=visit.desk.vault.sign,
                    now=visit.now,
                )
            messages.append(_message(visit, task, members, link))
        if wanted:
            await visit.note(conn, URGED, name, units=sorted({one.unit for one in wanted}))
    return visit.render(
        "remind",
        title=stored[0].title,
        messages=messages,
        told=[members.units[unit].short for unit in told],
        post=name,
    )


async def _reached(visit: Visit, members: Roster, units: Collection[str]) -> list[str]:
    """Those of the units that the bot itself can tell."""
    contacts, on = visit.desk.app.reminders.contacts, visit.desk.settings.notify.on
    names = [unit for unit in members.units if on and unit in units]
    return [unit for unit in names if await contacts.references(unit, members.units[unit])]


def _message(visit: Visit, task: Task, members: Roster, link: str) -> Message:
    unit = members.units[task.unit]
    left = task.deadline_at - visit.now if task.deadline_at else None
    text = wording.task(task, members, left, task.deadline_at, visit.zone)
    return Message(unit=unit.short, liaison=unit.liaison, text=f"{text}\n{link}".strip())


ROUTES = (
    get("/key-items/{post}", show),
    post("/key-items/{post}/exempt", exempt, Right.WRITE),
    post("/key-items/{post}/remind", remind, Right.WRITE),
    post("/key-items/{post}/require", require, Right.WRITE),
)
