"""Sends what is in the outbox, signed and tried again as Standard Webhooks say, for three days.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
Each delivery comes at least once: an answer that got lost has it sent again, under the same id.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import aiohttp

from bot.clock import retry_at
from bot.engine.outward import Guard, NotAllowed, url_fault
from bot.engine.ports import Core
from bot.engine.webhooks import PREFIX, gone
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import webhooks
from bot.ledger.credentials import Vault
from bot.ledger.webhooks import Delivery, Webhook
from bot.logs import get_logger, said

log = get_logger(__name__)
# After each failed try, as the specification proposes; together three days and some hours.
PAUSES = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
_EACH = 10  # to one program in one go
_LEASE = timedelta(minutes=3)  # longer than one go may take
_TIMEOUT_S = 15  # the least of what the specification recommends
_GONE = 410  # the receiver wants nothing more
_ANSWER_MAX = 200
_AGENT = "xuanfa-bot-webhooks"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a try."""

    ok: bool
    answer: str  # for the list of deliveries
    not_before: datetime | None = None  # when the receiver asks to be tried again
    gone: bool = False  # it asks not to be


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Sends with the secrets of this office."""

    core: Core
    vault: Vault
    this_machine: bool

    async def send_due(self) -> int:
        """Tries everything that is due, at most ten to each program; how many were taken."""
        now, lease = self.core.clock.now(), secrets.token_hex(12)
        async with self.core.ledger.read() as conn:
            if not await webhooks.any_due(conn, now):
                return 0
        async with self.core.ledger.write() as conn:
            known = {one.id: one for one in await webhooks.open_ones(conn)}
            taken = await webhooks.take(conn, now, lease=lease, until=now + _LEASE, each=_EACH)
        taken.sort(key=lambda one: (one.webhook, one.id))
        async with _sessions(self.this_machine) as sessions:
            counts = await asyncio.gather(
                *(
                    self._to_one(sessions, known.get(number), list(mine), lease)
                    for number, mine in groupby(taken, key=lambda one: one.webhook)
                )
            )
        return sum(counts)

    async def _to_one(
        self,
        sessions: Mapping[str, aiohttp.ClientSession],
        webhook: Webhook | None,
        mine: Sequence[Delivery],
        lease: str,
    ) -> int:
        """One after the other; after a failure the rest waits with it, for it would fail too."""
        sent = 0
        for place, one in enumerate(mine):
            outcome = await self._try(sessions, webhook, one)
            if not outcome.ok:
                await self._failed(one, outcome, mine[place + 1 :], lease)
                break
            await self._sent(one, outcome, lease)
            sent += 1
        return sent

    async def _try(
        self,
        sessions: Mapping[str, aiohttp.ClientSession],
        webhook: Webhook | None,
        one: Delivery,
    ) -> Outcome:
        if webhook is None:
            return Outcome(ok=False, answer=_("The webhook was ended."))
        if fault := url_fault(webhook.url, this_machine=self.this_machine):
            return Outcome(ok=False, answer=fault)
        body = json.dumps(one.body, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            secret = self.vault.open(webhook.secret)["secret"]
        except UsageError as error:
            return Outcome(ok=False, answer=str(error)[:_ANSWER_MAX])
        headers = signed(f"msg_{one.webhook}_{one.id}", self.core.clock.now(), body, secret)
        session = sessions[webhook.url.partition(":")[0]]
        try:
            async with session.post(
                webhook.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return _heard(answer, self.core.clock.now())
        except aiohttp.ClientConnectorError as error:
            inner = getattr(error, "os_error", error)  # a bad certificate has none
            text = _("The bot does not call this address.") if _refused(inner) else said(inner)
            return Outcome(ok=False, answer=text[:_ANSWER_MAX])
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(ok=False, answer=(said(error) or type(error).__name__)[:_ANSWER_MAX])

    async def _sent(self, one: Delivery, outcome: Outcome, lease: str) -> None:
        values = {"state": webhooks.SENT, "tries": one.tries + 1, "answer": outcome.answer}
        values |= {"next_at": None, "done_at": self.core.clock.now()}
        async with self.core.ledger.write() as conn:
            await webhooks.settle(conn, one.id, lease, **values)

    async def _failed(
        self, one: Delivery, outcome: Outcome, rest: Sequence[Delivery], lease: str
    ) -> None:
        now, tries = self.core.clock.now(), one.tries + 1
        over = outcome.gone or tries > len(PAUSES)
        next_at = None if over else max(now + PAUSES[tries - 1], outcome.not_before or now)
        values = {"state": webhooks.FAILED if over else webhooks.WAITING, "tries": tries}
        values |= {"next_at": next_at, "answer": outcome.answer, "done_at": now if over else None}
        log.warning("webhook.not_taken", webhook=one.webhook, tries=tries, answer=outcome.answer)
        async with self.core.ledger.write() as conn:
            await webhooks.settle(conn, one.id, lease, **values)
            for other in rest:
                wait = {"state": webhooks.WAITING, "next_at": next_at or now + PAUSES[0]}
                await webhooks.settle(conn, other.id, lease, **wait)
        if outcome.gone:
            await gone(self.core, one.webhook)


def _heard(answer: aiohttp.ClientResponse, now: datetime) -> Outcome:
    return Outcome(
        ok=200 <= answer.status < 300,
        answer=str(answer.status),
        not_before=retry_at(answer.headers.get("Retry-After", ""), now),
        gone=answer.status == _GONE,
    )


def _refused(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, NotAllowed):
            return True
        error = error.__cause__ or error.__context__
    return False


def signed(name: str, at: datetime, body: bytes, secret: str) -> dict[str, str]:
    """The headers by which the receiver knows that it is ours, untouched and fresh."""
    moment = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(PREFIX))
    content = b".".join([name.encode(), moment.encode(), body])
    mark = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": _AGENT,
        "webhook-id": name,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{mark}",
    }


@asynccontextmanager
async def _sessions(this_machine: bool) -> AsyncIterator[Mapping[str, aiohttp.ClientSession]]:
    """One for each scheme: over plain http only the office's own network is called."""
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with AsyncExitStack() as stack:
        made = {}
        for scheme in ("http", "https"):
            guard = Guard(secure=scheme == "https", this_machine=this_machine)
            stack.push_async_callback(guard.close)
            session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=guard, force_close=True),
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            made[scheme] = await stack.enter_async_context(session)
        yield made
