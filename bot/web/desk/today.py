"""/: what went out, what is due, and what needs a person."""

from __future__ import annotations

from aiohttp import web

from bot.i18n import _
from bot.web.desk.routes import get
from bot.web.desk.visit import Visit


async def show(visit: Visit) -> web.StreamResponse:
    """The first page."""
    return visit.render("today", title=_("Today"))


ROUTES = (get("/", show),)
