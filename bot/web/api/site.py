"""The API as a whole: which addresses there are, and what a call must show before it is heard.

Tokens only: a browser's cookie opens nothing here, so no page elsewhere can make a visitor's
browser act.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from bot.app import App
from bot.engine import keys
from bot.engine.health import LEDGER_GONE
from bot.errors import BotError
from bot.i18n import _
from bot.ledger.keys import Key
from bot.logs import get_logger, said
from bot.web.api import (
    accounts,
    counts,
    gaps,
    key_items,
    log,
    posts,
    publications,
    reviews,
    tasks,
)
from bot.web.api.declared import Asked, Call, Endpoint
from bot.web.api.faults import Fault, answer, missing, not_understood, problem
from bot.web.api.openapi import PREFIX, document
from bot.web.strangers import Strangers, address_of

logger = get_logger(__name__)
ENDPOINTS: Sequence[Endpoint] = (
    *accounts.ENDPOINTS,
    *counts.ENDPOINTS,
    *gaps.ENDPOINTS,
    *key_items.ENDPOINTS,
    *log.ENDPOINTS,
    *posts.ENDPOINTS,
    *publications.ENDPOINTS,
    *reviews.ENDPOINTS,
    *tasks.ENDPOINTS,
)
_BODY_MAX = 64 * 1024
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """Serves other programs."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._strangers = Strangers()

    def add_routes(self, site: web.Application) -> None:
        """Serves on `site`."""
        site.router.add_get(f"{PREFIX}/openapi.json", _document)
        for path, of_path in groupby(sorted(ENDPOINTS, key=_by_path), key=lambda one: one.path):
            resource = site.router.add_resource(PREFIX + path)
            for one in of_path:
                resource.add_route(one.method, self._answering(one))
            resource.add_route("*", _not_here)
        site.router.add_route("*", "/api{rest:(/.*)?}", _nothing_here)

    def _answering(self, endpoint: Endpoint) -> Answering:
        async def respond(request: web.Request) -> web.StreamResponse:
            try:
                return await self._respond(request, endpoint)
            except Fault as fault:
                return problem(fault, **_headers(fault))
            except web.HTTPRequestEntityTooLarge:
                return problem(Fault(413, _("What you sent is too large.")))
            except LEDGER_GONE as error:
                logger.warning("api.ledger_unreachable", error=said(error))
                text = _("Nothing was changed. Please try again in a few minutes.")
                return problem(Fault(503, text), Retry_After="60")
            except BotError as error:
                return problem(Fault(409, str(error), code="not-possible"))
            except Exception:
                logger.exception("api.failed", path=endpoint.path)
                return problem(Fault(500, _("An error inside the program.")))

        return respond

    async def _respond(self, request: web.Request, endpoint: Endpoint) -> web.StreamResponse:
        key = await self._admit(request)
        if endpoint.right not in key.rights:
            message = _("The token “{name}” lacks the scope {scope}.")
            text = message.format(name=key.name, scope=endpoint.right.value)
            raise Fault(403, text, code="no-scope")
        call = Call(request, self._app, key)
        _check_parts(request.match_info)
        asked = await _asked(request, endpoint.takes)
        return answer(await endpoint.handler(call, asked))

    async def _admit(self, request: web.Request) -> Key:
        """The token's key; wrong ones are slowed down by address, right ones never."""
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        now, secret = self._app.core.clock.now(), secret.strip()
        if scheme.lower() != "bearer" or not secret:
            text = _("Send the token with the call: “Authorization: Bearer TOKEN”.")
            raise Fault(401, text, code="no-token")
        found = await keys.recognise(self._app.core, secret) if secret.isascii() else None
        if found is not None and found.holds(now):
            return found
        if self._strangers.too_many(address_of(request), now):
            raise Fault(429, _("Too many wrong tokens. Wait ten minutes."), code="too-many")
        if found is None:
            raise Fault(401, _("There is no such token."), code="wrong-token")
        raise Fault(401, _why_not(found, now), code="token-over")


def _why_not(key: Key, now: datetime) -> str:
    if key.ended_at:
        text = _("The token “{name}” was ended.")
    elif key.is_over(now):
        text = _("“{name}” has run out.")
    else:
        text = _("Nobody answers for the token “{name}” any more. Ask for a new one.")
    return text.format(name=key.name)


def _headers(fault: Fault) -> Mapping[str, str]:
    if fault.status == 401:
        return {"WWW_Authenticate": "Bearer"}
    return {"Retry_After": "600"} if fault.status == 429 else {}


def _check_parts(parts: Mapping[str, str]) -> None:
    """Raises Fault for signs that no name holds, and no ledger takes."""
    for part in parts.values():
        if not part.isprintable() or len(part) > 130:
            raise missing()


async def _asked(request: web.Request, takes: type[Asked]) -> Asked:
    where = "query" if request.method == "GET" else "body"
    try:
        if where == "query":
            return takes.model_validate(_query(request, takes))
        if request.content_length and request.content_length > _BODY_MAX:
            raise Fault(413, _("What you sent is too large."))
        return takes.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise not_understood(where, error.errors(include_url=False)) from error


def _query(request: web.Request, takes: type[Asked]) -> dict[str, Any]:
    """The fields of the address; of those that may be there several times all of them."""
    several = {
        field.alias or name
        for name, field in takes.model_fields.items()
        if isinstance(field.default, tuple)
    }
    return {
        name: request.query.getall(name) if name in several else request.query[name]
        for name in request.query
    }


def _by_path(endpoint: Endpoint) -> str:
    return endpoint.path


@cache
def _made() -> dict[str, Any]:
    return document(ENDPOINTS)


async def _document(_request: web.Request) -> web.StreamResponse:
    return answer(_made())


async def _nothing_here(_request: web.Request) -> web.StreamResponse:
    return problem(missing())


async def _not_here(_request: web.Request) -> web.StreamResponse:
    return problem(Fault(405, _("This address cannot be used like that.")))
