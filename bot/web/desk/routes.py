"""What a page of the desk says of itself: its address, what it needs, and who answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.domain.people import Right
from bot.web.desk.visit import Visit

Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One address. A GET changes nothing; every other method brings the page's CSRF token."""

    method: str
    path: str
    handler: Handler
    right: Right | None  # None: whoever is logged in
    by_itself: bool = False  # browsers ask here without their person


def get(path: str, handler: Handler, right: Right | None = Right.SEE) -> Route:
    """A page that is read."""
    return Route(method="GET", path=path, handler=handler, right=right)


def post(path: str, handler: Handler, right: Right | None) -> Route:
    """A form that is sent."""
    return Route(method="POST", path=path, handler=handler, right=right)
