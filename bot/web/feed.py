"""GET /calendar.ics: the calendar feed, for calendar programs that cannot log in.

The address holds a key that only this office can make: who has the address may read the feed. The
feed of one account has a key of its own, so that a unit's address opens nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.engine import feed
from bot.engine.connecting import Sign
from bot.engine.health import LEDGER_GONE
from bot.engine.ports import Core
from bot.errors import UsageError
from bot.logs import get_logger, said
from bot.schedule.days import Days, read_days
from bot.schedule.folder import Folder

log = get_logger(__name__)
PATH = "/calendar.ics"


class Feed:
    """Serves the feed as the ledger has it at the moment."""

    def __init__(self, core: Core, *, sign: Sign, zone: ZoneInfo, schedules: Path) -> None:
        self._core = core
        self._sign = sign
        self._zone = zone
        self._schedules = schedules

    def add_routes(self, app: web.Application) -> None:
        """Serves on `app`; needs no login: the key is in the address."""
        app.router.add_get(PATH, self.calendar)

    async def calendar(self, request: web.Request) -> web.Response:
        """The feed, or 304 to a program that has it already."""
        account = request.query.get("account", "")
        key = request.query.get("key", "")
        if not secrets.compare_digest(key_of(account, self._sign).encode(), key.encode()):
            raise web.HTTPNotFound  # not "forbidden": a guess should learn nothing
        try:
            body = await feed.build(
                self._core, await self._days(), zone=self._zone, account=account or None
            )
        except UsageError as error:
            raise web.HTTPNotFound from error
        except LEDGER_GONE as error:
            log.warning("feed.ledger_unreachable", error=said(error))
            return web.Response(status=503)
        return _answer(request, body)

    async def _days(self) -> Days:
        return await asyncio.to_thread(read_days, Folder(root=self._schedules))


def _answer(request: web.Request, body: bytes) -> web.Response:
    tag = hashlib.sha256(body).hexdigest()[:32]
    headers = {
        "Cache-Control": "private, no-cache",  # keep it, but ask
        "Content-Disposition": 'inline; filename="calendar.ics"',
        "Referrer-Policy": "no-referrer",
    }
    if any(known.value in {tag, "*"} for known in request.if_none_match or ()):
        answer = web.Response(status=304, headers=headers)
    else:
        answer = web.Response(
            body=body, content_type="text/calendar", charset="utf-8", headers=headers
        )
    answer.etag = tag
    return answer


def key_of(account: str, sign: Sign) -> str:
    """What opens the feed of an account, or with "" that of the whole matrix."""
    return sign(f"{PATH} {account}")


def address_of(public_url: str, account: str, sign: Sign) -> str:
    """The address to subscribe to."""
    query = {"account": account} if account else {}
    return f"{public_url.rstrip('/')}{PATH}?{urlencode(query | {'key': key_of(account, sign)})}"
