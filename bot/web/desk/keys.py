"""/settings/api: the tokens of other programs, and what they may call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from aiohttp import web

from bot.domain import desk_words
from bot.domain.numbers import row_number
from bot.domain.people import DeskRole, Right
from bot.engine import keys as engine
from bot.engine.keys import Typed
from bot.i18n import _
from bot.ledger import keys, people
from bot.web.api.openapi import PREFIX
from bot.web.api.site import ENDPOINTS
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Visit

_USUAL = timedelta(days=180)


async def show(visit: Visit) -> web.StreamResponse:
    """All tokens, the form for a new one, and the addresses."""
    until = (visit.now + _USUAL).astimezone(visit.zone).date().isoformat()
    return await _page(visit, Typed(until=until), {})


async def _page(
    visit: Visit, typed: Typed, faults: Mapping[str, str], *, secret: str = "", status: int = 200
) -> web.Response:
    async with visit.core.ledger.read() as conn:
        known = await keys.everything(conn)
        everybody = await people.everybody(conn)
    return visit.render(
        "keys",
        status=status,
        title=_("Tokens"),
        keys=known,
        typed=typed,
        faults=faults,
        secret=secret,
        scopes=[(right.value, desk_words.scope(right)) for right in engine.SCOPES],
        scope_word=desk_words.scope,
        reviewers=[
            one for one in everybody if DeskRole.REVIEWER in one.roles and one.ended_at is None
        ],
        endpoints=sorted(ENDPOINTS, key=lambda one: (one.path, one.method)),
        prefix=PREFIX,
        document=f"{PREFIX}/openapi.json"[1:],
    )


async def make(visit: Visit) -> web.StreamResponse:
    """A new token; the answer shows it, this once."""
    fields = await visit.fields()
    typed = Typed(
        name=fields.one("name"),
        scopes=frozenset(fields.all("scopes")),
        reviewer=fields.one("reviewer"),
        until=fields.one("until"),
    )
    made = await engine.make(
        visit.core, typed, by=visit.who.login, address=visit.address, zone=visit.zone
    )
    if made.faults:
        return await _page(visit, typed, made.faults, status=422)
    return await _page(visit, Typed(until=typed.until), {}, secret=made.secret)


async def end(visit: Visit) -> web.StreamResponse:
    """Ends a token at once."""
    number = row_number(visit.part("id")) or 0
    if not await engine.end(visit.core, number, by=visit.who.login, address=visit.address):
        visit.missing(_("There is no such token, or it was ended already."))
    return visit.go("settings/api?done=done")


ROUTES = (
    get("/settings/api", show, Right.RULE),
    post("/settings/api", make, Right.RULE),
    post("/settings/api/{id}/end", end, Right.RULE),
)
