"""/settings/people: who may come in, as what, and the one-time links."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot.domain import desk_words, review_words
from bot.domain.people import DeskRole, Person, Right
from bot.domain.review import Level
from bot.domain.roster import Unit
from bot.engine import staff
from bot.engine.staff import Change, Typed
from bot.i18n import _
from bot.ledger import people
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Visit

_NOBODY = Typed(login="", name="", roles=frozenset())


async def show(visit: Visit) -> web.StreamResponse:
    """Everybody, and the form for somebody new."""
    return await _page(visit, _NOBODY, {})


async def _page(
    visit: Visit, typed: Typed, faults: Mapping[str, str], *, link: str = "", status: int = 200
) -> web.Response:
    async with visit.core.ledger.read() as conn:
        known = await people.everybody(conn)
    members = await visit.members()
    return visit.render(
        "people",
        status=status,
        title=_("People"),
        people=known,
        units=members.units,
        roles_of=lambda one: _roles(one, members.units),
        typed=typed,
        faults=faults,
        link=link,
        **_words(visit),
    )


def _words(visit: Visit) -> dict[str, object]:
    return {
        "roles": [(role.value, desk_words.role(role)) for role in DeskRole],
        "levels": [(level.value, review_words.level(level)) for level in Level],
        "oidc": visit.desk.single_sign_on,
    }


def _roles(person: Person, units: Mapping[str, Unit]) -> str:
    """All that somebody is, with the unit of a liaison and the levels of a reviewer."""
    levels = [review_words.level(level) for level in Level if level in person.levels]
    details = {
        DeskRole.LIAISON: units[person.unit].short if person.unit in units else "",
        DeskRole.REVIEWER: _(", ").join(levels),
    }
    told = _("{role} ({detail})")
    return _("; ").join(
        told.format(role=desk_words.role(role), detail=details[role])
        if details.get(role)
        else desk_words.role(role)
        for role in DeskRole
        if role in person.roles
    )


async def add(visit: Visit) -> web.StreamResponse:
    """Enters somebody; the answer shows the one-time link, this once."""
    typed = await _typed(visit)
    made = await staff.add(visit.core, typed, by=visit.who.login, address=visit.address)
    if made.faults:
        return await _page(visit, typed, made.faults, status=422)
    return await _page(visit, _NOBODY, {}, link=_link(visit, made))


def _link(visit: Visit, made: Change) -> str:
    public = visit.desk.settings.web.public_url.rstrip("/")
    here = public or f"{visit.request.scheme}://{visit.request.host}"
    return f"{here}/invite/{made.secret}"


async def _typed(visit: Visit, login: str = "") -> Typed:
    fields = await visit.fields()
    return Typed(
        login=login or fields.one("login"),
        name=fields.one("name"),
        roles=frozenset(fields.all("roles")),
        unit=fields.one("unit"),
        levels=frozenset(fields.all("levels")),
        subject=fields.one("subject")[:255],
    )


async def show_one(visit: Visit) -> web.StreamResponse:
    """The form for one person."""
    person = await _person(visit)
    return await _one(visit, person, _as_typed(person), {})


async def _person(visit: Visit) -> Person:
    async with visit.core.ledger.read() as conn:
        person = await people.find(conn, visit.part("login"))
    return person if person is not None else visit.missing(_("Nobody has this login name."))


def _as_typed(person: Person) -> Typed:
    return Typed(
        login=person.login,
        name=person.name,
        roles=frozenset(role.value for role in person.roles),
        unit=person.unit,
        levels=frozenset(level.value for level in person.levels),
        subject=person.subject,
    )


async def _one(
    visit: Visit,
    person: Person,
    typed: Typed,
    faults: Mapping[str, str],
    *,
    link: str = "",
    status: int = 200,
) -> web.Response:
    members = await visit.members()
    return visit.render(
        "person",
        status=status,
        title=person.name,
        person=person,
        units=members.units,
        roles_of=lambda one: _roles(one, members.units),
        typed=typed,
        faults=faults,
        link=link,
        **_words(visit),
    )


async def change(visit: Visit) -> web.StreamResponse:
    """Another name, other roles."""
    person = await _person(visit)
    typed = await _typed(visit, person.login)
    made = await staff.change(visit.core, typed, by=visit.who.login, address=visit.address)
    if made.faults:
        return await _one(visit, person, typed, made.faults, status=422)
    return visit.go(f"settings/people/{person.login}?done=saved")


async def invite(visit: Visit) -> web.StreamResponse:
    """A new one-time link, shown this once."""
    person = await _person(visit)
    made = await staff.invite(visit.core, person.login, by=visit.who.login, address=visit.address)
    status = 422 if made.faults else 200
    link = "" if made.faults else _link(visit, made)
    return await _one(visit, person, _as_typed(person), made.faults, link=link, status=status)


async def end(visit: Visit) -> web.StreamResponse:
    """Keeps somebody out."""
    return await _end(visit, True)


async def restore(visit: Visit) -> web.StreamResponse:
    """Lets somebody in again."""
    return await _end(visit, False)


async def _end(visit: Visit, ended: bool) -> web.StreamResponse:
    person = await _person(visit)
    made = await staff.end(
        visit.core, person.login, ended, by=visit.who.login, address=visit.address
    )
    if made.faults:
        return await _one(visit, person, _as_typed(person), made.faults, status=422)
    return visit.go(f"settings/people/{person.login}?done=done")


ROUTES = (
    get("/settings/people", show, Right.RULE),
    post("/settings/people", add, Right.RULE),
    get("/settings/people/{login}", show_one, Right.RULE),
    post("/settings/people/{login}", change, Right.RULE),
    post("/settings/people/{login}/end", end, Right.RULE),
    post("/settings/people/{login}/invite", invite, Right.RULE),
    post("/settings/people/{login}/restore", restore, Right.RULE),
)
