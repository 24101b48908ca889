"""Douyin's webhooks: events as signed POSTs to the address an app has entered.

`X-Douyin-Signature` is the hex SHA-1 of client_secret and the raw body; `Msg-Id` is the same in
every repeat. Three tries of five seconds. An address is taken once it has given a challenge back.
Source: https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/webhooks/summarize
(read 2026-11-21).
"""

import asyncio
import hashlib
import json
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from bot.simulator.store import Core, Json, digest

TRIES: Final = 3
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)


@dataclass(kw_only=True, slots=True)
class Subscription:
    """Where one app wants its events."""

    client_key: str
    client_secret: str
    url: str
    confirmed: bool | None = None  # the challenge came back; None: not tried to the end


@dataclass(kw_only=True, slots=True)
class Delivery:
    """One event and what became of it."""

    event: str
    msg_id: str
    tries: int = 0
    status: int = 0  # of the last answer; 0: none came
    answer: str = ""
    body: Json = field(default_factory=dict)


class Hooks:
    """All subscriptions, and what was sent."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._subscriptions: dict[str, Subscription] = {}
        self._deliveries: list[Delivery] = []
        self._running: set[asyncio.Task[None]] = set()

    def subscribe(self, client_key: str, client_secret: str, url: str) -> None:
        """Enter an address and try it with a challenge; "" takes it away."""
        if not url:
            self._subscriptions.pop(client_key, None)
            return
        entered = Subscription(client_key=client_key, client_secret=client_secret, url=url)
        self._subscriptions[client_key] = entered
        challenge = int(digest("challenge", self._core.serial())[:8], 16)
        self._start(self._verify(entered, challenge))

    def send(self, client_key: str, event: str, open_id: str, content: Json) -> None:
        """Send an event to the app, if it has an address that was confirmed."""
        known = self._subscriptions.get(client_key)
        settings = self._core.settings
        if known is None or not known.confirmed:
            return
        told: Json | str = content
        if settings.douyin_hook_content == "string":
            told = json.dumps(content, ensure_ascii=False)
        delivery = self._delivery(known, event, open_id, told)
        for _copy in range(settings.douyin_hook_copies):
            self._start(self._deliver(known, delivery))

    def describe(self) -> Json:
        """Which apps' addresses are confirmed, and what was sent, oldest first."""
        names = ("event", "msg_id", "tries", "status", "answer", "body")
        sent = [{name: getattr(d, name) for name in names} for d in self._deliveries]
        known = {key: entered.confirmed for key, entered in self._subscriptions.items()}
        return {"confirmed": known, "deliveries": sent}

    async def close(self) -> None:
        """Give up what is still being sent."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _delivery(
        self, known: Subscription, event: str, open_id: str, content: Json | str
    ) -> Delivery:
        msg_id = digest("msg", self._core.serial())[:32]
        body = {
            "event": event,
            "from_user_id": open_id,
            "to_user_id": "",
            "client_key": known.client_key,
            "content": content,
            "log_id": digest("log", msg_id)[:32].upper(),
        }
        delivery = Delivery(event=event, msg_id=msg_id, body=body)
        self._deliveries.append(delivery)
        return delivery

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _verify(self, entered: Subscription, challenge: int) -> None:
        delivery = self._delivery(entered, "verify_webhook", "", {"challenge": challenge})
        await self._deliver(entered, delivery)
        try:
            entered.confirmed = json.loads(delivery.answer).get("challenge") == challenge
        except (ValueError, AttributeError):
            entered.confirmed = False

    async def _deliver(self, known: Subscription, delivery: Delivery) -> None:
        body = json.dumps(delivery.body, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Douyin-Signature": _signature(known.client_secret, body),
            "Msg-Id": delivery.msg_id,
        }
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            for _try in range(TRIES):
                delivery.tries += 1
                try:
                    async with session.post(known.url, data=body, headers=headers) as answer:
                        delivery.status, delivery.answer = answer.status, await answer.text()
                except (aiohttp.ClientError, TimeoutError):
                    delivery.status = 0
                if delivery.status == 200:
                    return


def _signature(secret: str, body: bytes) -> str:
    return hashlib.sha1(secret.encode() + body, usedforsecurity=False).hexdigest()
