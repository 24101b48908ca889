"""/freeze: stops everything that is not out yet, at once, and lets it go on again."""

from __future__ import annotations

from aiohttp import web

from bot.domain.people import Right
from bot.engine import people
from bot.i18n import _
from bot.ledger import controls
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Visit


async def show(visit: Visit) -> web.StreamResponse:
    """How it stands, and the one button."""
    return await _page(visit)


async def _page(visit: Visit, *, status: int = 200, fault: str = "") -> web.Response:
    async with visit.core.ledger.read() as conn:
        freeze = await controls.freeze(conn)
    return visit.render("freeze", status=status, title=_("Freeze"), freeze=freeze, fault=fault)


async def begin(visit: Visit) -> web.StreamResponse:
    """Nothing is sent from now on; what is being sent is finished."""
    reason = (await visit.fields()).one("reason")
    if not reason:
        return await _page(visit, status=422, fault=_("Say why; everybody will see it."))
    await people.freeze(visit.core, True, by=visit.who.login, reason=reason)
    await visit.noted("freeze.begun", reason=reason)
    return visit.go("freeze?done=done")


async def end(visit: Visit) -> web.StreamResponse:
    """What was held goes on."""
    await people.freeze(visit.core, False, by=visit.who.login, reason="")
    await visit.noted("freeze.ended")
    return visit.go("freeze?done=done")


ROUTES = (
    get("/freeze", show, Right.WRITE),
    post("/freeze", begin, Right.WRITE),
    post("/freeze/end", end, Right.WRITE),
)
