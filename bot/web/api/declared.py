"""What an address of the API says of itself, once: for the check of a call and for the document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from bot.app import App
from bot.domain.people import Right
from bot.engine.ports import Core
from bot.engine.shapes import Json
from bot.ledger import audit
from bot.ledger.connection import Connection
from bot.ledger.keys import Key
from bot.web.strangers import address_of


class Asked(BaseModel):
    """What may come with a call: the query of a GET, the body of a POST. Nothing else may."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """What an answer looks like; more may be added to it later."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Call:
    """One call of a program whose token has the right to it."""

    request: web.Request
    app: App
    key: Key

    @property
    def core(self) -> Core:
        """The engine."""
        return self.app.core

    @property
    def zone(self) -> ZoneInfo:
        """The office's zone."""
        return self.app.settings.zone

    @cached_property
    def now(self) -> datetime:
        """One moment for the whole call."""
        return self.core.clock.now()

    @property
    def by(self) -> str:
        """Who does it, as ledger and log name them."""
        return f"token {self.key.name}"

    def part(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    async def note(self, conn: Connection, action: str, subject: str, **facts: Any) -> None:
        """Enters what is done into the log, in its transaction."""
        entry = audit.Entry(
            at=self.now,
            by=self.by,
            action=action,
            subject=subject,
            facts={name: value for name, value in facts.items() if value not in ("", None)},
            address=address_of(self.request),
        )
        await audit.note(conn, entry)

    async def noted(self, action: str, subject: str, **facts: Any) -> None:
        """The same, in a transaction of its own."""
        async with self.core.ledger.write() as conn:
            await self.note(conn, action, subject, **facts)


Handler = Callable[[Call, Any], Awaitable[Json]]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One address below /api/v1. A GET changes nothing."""

    method: str
    path: str
    handler: Handler
    right: Right
    takes: type[Asked]
    gives: type[Told]
    summary: str  # for gettext

    @property
    def name(self) -> str:
        """Unlike any other's."""
        module = self.handler.__module__.rpartition(".")[2]
        return f"{module}_{self.handler.__name__.strip('_')}"


class Nothing(Asked):
    """Nothing comes with it."""


def get(
    path: str,
    handler: Handler,
    gives: type[Told],
    summary: str,
    *,
    takes: type[Asked] = Nothing,
    right: Right = Right.SEE,
) -> Endpoint:
    """Something that is read."""
    return Endpoint(
        method="GET",
        path=path,
        handler=handler,
        right=right,
        takes=takes,
        gives=gives,
        summary=summary,
    )


def post(
    path: str,
    handler: Handler,
    gives: type[Told],
    summary: str,
    *,
    right: Right,
    takes: type[Asked] = Nothing,
) -> Endpoint:
    """Something that is done."""
    return Endpoint(
        method="POST",
        path=path,
        handler=handler,
        right=right,
        takes=takes,
        gives=gives,
        summary=summary,
    )
