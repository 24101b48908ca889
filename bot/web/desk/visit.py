"""One request of somebody who is logged in, and what a page needs to answer it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.domain.people import Person, Right
from bot.domain.roster import Roster
from bot.engine.ports import Core
from bot.i18n import N_, _
from bot.ledger import audit, controls, people, roster
from bot.ledger.connection import Connection
from bot.ledger.controls import Freeze
from bot.ledger.people import Session
from bot.web.desk.fields import Fields, sent
from bot.web.desk.remembered import FRESH, STALE, Answer
from bot.web.pages import render, when
from bot.web.strangers import address_of

if TYPE_CHECKING:
    from bot.web.desk.site import Desk

T = TypeVar("T")
# What a page says at its top after a form was sent; the word stands in its address (?done=…).
DONE: Mapping[str, str] = {
    "saved": N_("Saved."),
    "voided": N_("Saved. What was approved was another version: the review begins anew."),
    "done": N_("Done."),
    "unread": N_("Saved with errors: what was saved goes out only once they are gone."),
    "removed": N_("Taken out."),
    "sent": N_("Sent."),
    "again": N_(
        "It is planned again and goes out now, or as soon as nothing bars it (a freeze, an account "
        "that is paused). How it stands is shown here."
    ),
    "later": N_("It is planned again and goes out when its embargo ends."),
}
_NAVIGATION: tuple[tuple[str, str, Right], ...] = (
    ("", N_("Today"), Right.SEE),
    ("calendar", N_("Calendar"), Right.SEE),
    ("reviews", N_("Review"), Right.SEE),
    ("tasks", N_("Tasks"), Right.ANSWER),
    ("key-items", N_("Key items"), Right.SEE),
    ("accounts", N_("Accounts"), Right.SEE),
    ("counts", N_("Counts"), Right.SEE),
    ("log", N_("Log"), Right.LOG),
    ("settings", N_("Settings"), Right.RULE),
)
_OF_THE_OFFICE = frozenset({"reviews"})  # also deputies review, whatever their role


class Refused(Exception):
    """The visit ends with a page that says why; `status` is its HTTP status, `title` its own."""

    def __init__(self, status: int, text: str, title: str = "") -> None:
        super().__init__(text)
        self.title = title
        self.status = status
        self.text = text


@dataclass(frozen=True)
class Visit:
    """A request, who makes it, and the desk it comes to."""

    request: web.Request
    session: Session
    desk: Desk
    freeze: Freeze | None = None  # on now, as known some seconds ago; `by` in words

    @property
    def who(self) -> Person:
        """The person who is logged in."""
        return self.session.person

    @property
    def core(self) -> Core:
        """The engine."""
        return self.desk.core

    @property
    def zone(self) -> ZoneInfo:
        """The office's zone."""
        return self.desk.settings.zone

    @cached_property
    def now(self) -> datetime:
        """One moment for the whole page."""
        return self.core.clock.now()

    @property
    def address(self) -> str:
        """The visitor's network address."""
        return address_of(self.request)

    @cached_property
    def root(self) -> str:
        """The way from this page up to the desk's first page: "./", "../", …"""
        return root_of(self.request)

    @cached_property
    def csrf(self) -> str:
        """What every form of this session brings along."""
        return self.desk.csrf(self.session)

    # ── what came with the request ────────────────────────────────────────────────────────────

    def query(self, name: str, default: str = "") -> str:
        """A field of the address, cleaned."""
        return Fields(self.request.query).one(name) or default

    def part(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    async def fields(self) -> Fields:
        """The fields of the form that was sent."""
        return await sent(self.request)

    # ── what a person may see ─────────────────────────────────────────────────────────────────

    def may(self, right: Right) -> bool:
        """True when the person has this right."""
        return self.who.may(right)

    def sees(self, unit: str) -> bool:
        """True when the person may see, and act for, this unit."""
        return self.who.only_unit in {"", unit}

    def must_see(self, unit: str) -> None:
        """Raises Refused when the unit is none of this person's; "": for whoever sees all."""
        if self.sees(unit):
            return
        if not unit:
            raise Refused(403, _("Your role has no right to this."))
        raise Refused(403, _("This belongs to another unit."))

    def missing(self, text: str = "") -> NoReturn:
        """Ends the visit: there is nothing at this address."""
        raise Refused(404, text or _("There is nothing at this address."))

    async def members(self) -> Roster:
        """Units and accounts for names and choices: some seconds old at most."""

        async def load() -> Roster:
            async with self.core.ledger.read() as conn:
                return await roster.load(conn)

        return (await self.remembered("members", load, stale=FRESH)).value

    async def frozen(self) -> Freeze | None:
        """The freeze that is on, for `freeze`: told on every page."""
        return (await self.remembered("freeze", self._freeze)).value

    async def _freeze(self) -> Freeze | None:
        async with self.core.ledger.read() as conn:
            found = await controls.freeze(conn)
            person = await people.find(conn, found.by) if found is not None else None
        return replace(found, by=person.name) if found and person else found

    # ── answers ───────────────────────────────────────────────────────────────────────────────

    def render(self, name: str, *, status: int = 200, **facts: object) -> web.Response:
        """The page bot/web/templates/desk/`name`.html."""
        done = DONE.get(self.query("done"), "")
        return render(
            f"desk/{name}",
            status=status,
            up=depth(self.request),
            scripts=True,
            **{"visit": self, "said": _(done) if done else "", **facts},
        )

    def message(self, status: int, title: str, text: str) -> web.Response:
        """A page that says one thing."""
        return self.render("message", status=status, title=title, text=text)

    def go(self, path: str) -> web.Response:
        """To another page of the desk after a form: `path` is below the root, e.g. "posts/x"."""
        headers = {"Location": self.root + path, "Cache-Control": "no-store"}
        return web.Response(status=303, headers=headers)

    def when(self, moment: datetime | None) -> str:
        """A moment in the office's zone: 2026-05-06 10:00; "" for none."""
        return when(moment, self.zone)

    @property
    def navigation(self) -> list[tuple[str, str, bool]]:
        """Address below the root, name, and whether it is where we are."""
        here = self.request.path.strip("/").partition("/")[0]
        here = {"posts": "calendar", "uploads": "calendar", "rules": "calendar"}.get(here, here)
        return [
            (path, _(name), path == here)
            for path, name, right in _NAVIGATION
            if self.may(right) and (path not in _OF_THE_OFFICE or self.sees(""))
        ]

    async def remembered(
        self,
        key: Hashable,
        make: Callable[[], Awaitable[T]],
        *,
        fresh: timedelta = FRESH,
        stale: timedelta = STALE,
    ) -> Answer[T]:
        """What `make` gives or gave some seconds ago, with all that this person has changed."""
        return await self.desk.remembered.get(
            key, make, fresh=fresh, stale=stale, session=self.session.hash
        )

    # ── the record ────────────────────────────────────────────────────────────────────────────

    async def note(self, conn: Connection, action: str, subject: str = "", **facts: Any) -> None:
        """Enters what the person does into the log, in the transaction of what is done."""
        entry = audit.Entry(
            at=self.now,
            by=self.who.login,
            action=action,
            subject=subject,
            facts=facts,
            address=self.address,
        )
        await audit.note(conn, entry)

    async def noted(self, action: str, subject: str = "", **facts: Any) -> None:
        """The same, in a transaction of its own."""
        async with self.core.ledger.write() as conn:
            await self.note(conn, action, subject, **facts)


def wants_json(request: web.Request) -> bool:
    """True for a script of ours that reads the answer."""
    return "application/json" in request.headers.get("Accept", "")


def depth(request: web.Request) -> int:
    """How many folders the address lies below our root."""
    return max(request.path.count("/") - 1, 0)


def root_of(request: web.Request) -> str:
    """The way from this address up to our root."""
    return "../" * depth(request) or "./"
