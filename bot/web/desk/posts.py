"""/posts/…: one post, where it stands, and what a person can do about it."""

from __future__ import annotations

from aiohttp import web

from bot.domain.people import Right
from bot.engine import people
from bot.web.desk import decisions
from bot.web.desk.routes import post
from bot.web.desk.visit import Refused, Visit


async def decide(visit: Visit) -> web.StreamResponse:
    """What a person decides about one publication."""
    pub = await people.get(visit.core, visit.part("id"))
    visit.must_see(pub.unit)
    fields = await visit.fields()
    refusal = await decisions.decide(visit, pub, fields)
    if refusal is not None:
        raise Refused(422, refusal.text)
    if fields.one("back") == "today":
        return visit.go("?done=done")
    return visit.go(f"{decisions.where(pub)}&done=done#pub")


ROUTES = (post("/publications/{id}", decide, Right.WRITE),)
