"""/t/…: a task done by link, without an account of one's own. docs/tasks.md tells how it is used.

A GET changes nothing, for chat programs open links to show a preview. A POST needs what the page's
form brings along. The link itself is a key, so it is written into no log and sent to no other site.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.domain import task_words
from bot.engine import briefing, handles
from bot.engine.connecting import Sign
from bot.engine.handles import Fate, Link
from bot.engine.health import LEDGER_GONE
from bot.engine.ports import Core
from bot.i18n import _
from bot.logs import get_logger, said
from bot.web import asking
from bot.web.asking import Typed
from bot.web.pages import render, when
from bot.web.strangers import Strangers, address_of

log = get_logger(__name__)
_ROUTE = handles.PATH + "{token}"
_FORM = "application/x-www-form-urlencoded"


class Tasks:
    """Serves the pages behind the links of `bot.engine.handles`."""

    def __init__(self, core: Core, *, sign: Sign, zone: ZoneInfo, packages: Path) -> None:
        self._core = core
        self._sign = sign
        self._zone = zone
        self._packages = packages
        self._strangers = Strangers()

    def add_routes(self, app: web.Application) -> None:
        """Serves on `app`; needs no login: the key is in the address."""
        app.router.add_get(_ROUTE, _patient(self.show))
        app.router.add_post(_ROUTE, _patient(self.answer))
        app.router.add_get(_ROUTE + "/files/{name}", _patient(self.file))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page as it stands."""
        link = await self._look(request)
        if link.fate is not Fate.OPEN:
            return await self._closed(request, link)
        return await self._page(request, link, Typed(), {})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Does what the form says, once; says what is wrong with it, and keeps what was typed."""
        link = await self._look(request)
        if link.fate is not Fate.OPEN:
            return await self._closed(request, link)
        typed = await _read(request)
        token, now = request.match_info["token"], self._core.clock.now()
        seen = handles.form_seen(typed.form, token, sign=self._sign, now=now)
        if seen is None:
            fault = {"said": _("This page was open for too long. Please press the button again.")}
            return await self._page(request, link, typed, fault, status=403)
        answer, faults = asking.answer_of(typed, self._zone)
        if answer is None:
            return await self._page(request, link, typed, faults, status=422)
        link = await handles.use(
            self._core, token, answer, sign=self._sign, address=address_of(request), seen=seen
        )
        if link.fate is Fate.OPEN:
            return await self._page(request, link, typed, link.faults, status=422)
        if not link.done:
            return await self._closed(request, link)
        log.info("task.done_by_link", task=link.handle.task if link.handle else "")
        # By relative address: a proxy may serve us below a path of its own.
        return web.Response(status=303, headers={"Location": token, "Cache-Control": "no-store"})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """One file of the task's package."""
        link = await self._look(request)
        if link.task is None:
            return await self._closed(request, link, up=3)
        async with self._core.ledger.read() as conn:
            about = await briefing.brief(self._core, conn, link.task)
        name = request.match_info["name"]
        found = await asking.package_file(about, self._packages, name)
        if found is None:
            return _message(404, _("Not found"), _("The package holds no such file."), up=3)
        return found

    async def _look(self, request: web.Request) -> Link:
        token, now = request.match_info["token"], self._core.clock.now()
        async with self._core.ledger.read() as conn:
            return await handles.look(conn, token, sign=self._sign, now=now)

    async def _page(
        self,
        request: web.Request,
        link: Link,
        typed: Typed,
        faults: Mapping[str, str],
        *,
        status: int = 200,
    ) -> web.Response:
        assert link.task is not None
        assert link.handle is not None
        token, now = request.match_info["token"], self._core.clock.now()
        async with self._core.ledger.read() as conn:
            asked = await asking.asked(self._core, conn, link.task)
        facts = await asking.shown(asked.brief, self._packages, self._zone, link.handle.expires_at)
        form = handles.form_token(token, seen=asked.seen, sign=self._sign, now=now)
        return render(
            "task",
            status=status,
            **facts,
            action=token,
            files=f"{token}/files/",
            hidden={"form": form},
            copying=False,
            typed=typed,
            faults=faults,
        )

    async def _closed(self, request: web.Request, link: Link, *, up: int = 1) -> web.Response:
        """Why there is nothing to do any more."""
        now, handle = self._core.clock.now(), link.handle
        if handle is None:
            return self._strange(address_of(request), now, up=up)
        if link.fate is Fate.USED:
            message = _("On {time}: {decision}. There is nothing left to do.")
            text = message.format(
                time=when(handle.used_at, self._zone), decision=task_words.said(handle.used_for)
            )
            status = 200 if request.method in {"GET", "HEAD"} and up == 1 else 409
            return _message(status, _("This is done"), text, up=up)
        log.info("task.link_too_late", task=handle.task, fate=link.fate.value)
        if link.fate is Fate.EXPIRED:
            message = _("It was good until {time}. Ask the publicity office for a new one.")
            text = message.format(time=when(handle.expires_at, self._zone))
            return _message(410, _("This link has run out"), text, up=up)
        async with self._core.ledger.read() as conn:
            state = await briefing.how_it_stands(conn, handle.task)
        text = _("The task has ended in another way; there is nothing left to do.")
        if state:
            text += _(" The post is now: {state}.").format(state=state)
        return _message(410, _("This is settled"), text, up=up)

    def _strange(self, address: str, now: datetime, *, up: int) -> web.Response:
        if self._strangers.too_many(address, now):
            text = _("Too many wrong links came from your network. Try again in ten minutes.")
            return _message(429, _("Please wait"), text, up=up)
        log.warning("task.link_refused", address=address)
        text = _(
            "Perhaps it was not copied as a whole. Open it from the message itself, or ask the "
            "publicity office for a new one."
        )
        return _message(404, _("This link is not known here"), text, up=up)


_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _patient(handler: _Handler) -> _Handler:
    """The handler, with a page of words where the ledger or the request itself is in trouble."""

    async def handle(request: web.Request) -> web.StreamResponse:
        up = 3 if "name" in request.match_info else 1
        try:
            return await handler(request)
        except web.HTTPRequestEntityTooLarge:
            text = _("What you sent is too large. Go back and shorten it.")
            return _message(413, _("Not taken"), text, up=up)
        except LEDGER_GONE as error:
            log.warning("task.ledger_unreachable", error=said(error))
            text = _("Nothing was changed. Please try again in a few minutes.")
            return _message(503, _("Not possible at the moment"), text, up=up)

    return handle


def _message(status: int, title: str, text: str, *, up: int = 1) -> web.Response:
    return render("message", status=status, up=up, title=title, text=text)


async def _read(request: web.Request) -> Typed:
    """The fields of a form; whatever else is sent is no form of ours, and empty."""
    if request.content_type != _FORM:
        return Typed()
    try:
        data = await request.post()
    except (LookupError, ValueError):  # a coding nobody knows, bytes that are none of it
        return Typed()
    fields = {name: _clean(str(data.get(name, ""))) for name in Typed.__dataclass_fields__}
    return Typed(**fields)


def _clean(text: str) -> str:
    """Without signs a ledger cannot hold, and with one kind of line end."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in lines if sign >= " " or sign in "\n\t").strip()
