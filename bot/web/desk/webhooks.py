"""/settings/webhooks: programs that are told what happens, and what they were told."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot.domain import desk_words
from bot.domain.numbers import row_number
from bot.domain.people import Right
from bot.engine import webhooks as engine
from bot.i18n import _
from bot.ledger import webhooks
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Refused, Visit

_PAGE = 100


async def show(visit: Visit) -> web.StreamResponse:
    """All of them, and the form for a new one."""
    return await _page(visit, "", frozenset(), {})


async def _page(
    visit: Visit,
    url: str,
    chosen: frozenset[str],
    faults: Mapping[str, str],
    *,
    secret: str = "",
    status: int = 200,
) -> web.Response:
    async with visit.core.ledger.read() as conn:
        known = await webhooks.everything(conn)
        standing = await webhooks.standing(conn)
    return visit.render(
        "webhooks",
        status=status,
        title=_("Webhooks"),
        webhooks=known,
        standing=standing,
        url=url,
        chosen=chosen,
        faults=faults,
        secret=secret,
        events=[(name, engine.in_words(name)) for name in engine.EVENTS],
        event_word=engine.in_words,
        state_word=desk_words.delivery,
    )


async def make(visit: Visit) -> web.StreamResponse:
    """A new one; the answer shows its secret, this once."""
    fields = await visit.fields()
    url, chosen = fields.one("url"), frozenset(fields.all("events"))
    made = await engine.make(
        visit.core,
        visit.desk.vault,
        url,
        chosen,
        this_machine=visit.desk.settings.webhooks.this_machine,
        by=visit.who.login,
        address=visit.address,
    )
    if made.faults:
        return await _page(visit, url, chosen, made.faults, status=422)
    return await _page(visit, "", frozenset(), {}, secret=made.secret)


async def show_one(visit: Visit) -> web.StreamResponse:
    """What one of them was told, the newest first."""
    number, before = row_number(visit.part("id")) or 0, row_number(visit.query("before"))
    async with visit.core.ledger.read() as conn:
        webhook = next((one for one in await webhooks.everything(conn) if one.id == number), None)
        found = await webhooks.latest(conn, number, before=before, limit=_PAGE + 1)
    if webhook is None:
        visit.missing()
    return visit.render(
        "webhook",
        title=_("What was told"),
        webhook=webhook,
        deliveries=found[:_PAGE],
        older=found[_PAGE - 1].id if len(found) > _PAGE else None,
        event_word=engine.in_words,
        state_word=desk_words.delivery,
        tones={"sent": "good", "failed": "bad", "waiting": "warn", "sending": "warn"},
    )


async def end(visit: Visit) -> web.StreamResponse:
    """Tells it nothing more."""
    number = row_number(visit.part("id")) or 0
    if not await engine.end(visit.core, number, by=visit.who.login, address=visit.address):
        visit.missing(_("There is no such webhook, or it was ended already."))
    return visit.go("settings/webhooks?done=done")


async def again(visit: Visit) -> web.StreamResponse:
    """Tells one thing once more."""
    number = row_number(visit.part("delivery")) or 0
    if not await engine.again(visit.core, number, by=visit.who.login, address=visit.address):
        raise Refused(409, _("It is on its way anyhow, or its webhook was ended."))
    return visit.go(f"settings/webhooks/{row_number(visit.part('id')) or 0}?done=sent")


ROUTES = (
    get("/settings/webhooks", show, Right.RULE),
    post("/settings/webhooks", make, Right.RULE),
    get("/settings/webhooks/{id}", show_one, Right.RULE),
    post("/settings/webhooks/{id}/deliveries/{delivery}/again", again, Right.RULE),
    post("/settings/webhooks/{id}/end", end, Right.RULE),
)
