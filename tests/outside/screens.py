"""A platform nobody here knows: the text screens at the district's bus stops.

A whole adapter in one file, as another office would write it for itself; docs/adding-a-platform.md
walks through it. It uses nothing of the bot but the contract, the domain's words and `Http`.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict

from adapters.http import Fields, Http
from bot.contract import (
    Authorised,
    Call,
    Capabilities,
    Checkpoint,
    Credentials,
    Finding,
    Granted,
    Heard,
    Item,
    Member,
    Pending,
    Profile,
    Receipt,
    Stat,
    Tools,
)
from bot.domain.post import Method, Variant
from bot.domain.problem import Problem
from bot.domain.quota import Budget, Period
from bot.domain.roster import Account
from bot.errors import CallRefused, Rejected

LENGTH = 60  # signs on one screen


class ScreensConfig(BaseModel):
    """[platforms.screens] in settings.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "https://screens.example"
    timeout_s: float = 10.0


class Screens:
    """The screens of one unit."""

    name: ClassVar[str] = "screens"
    Config: ClassVar[type[BaseModel]] = ScreensConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="公交站屏",
        short_text=True,
        idempotent=frozenset({Method.PUBLISH}),
        key_life_s=24 * 3600,
        finding=Finding.SURE,
        settle_s=60,
        recent=True,
        budgets=(Budget(action=Method.PUBLISH, limit=20, period=Period.DAY),),
    )

    def __init__(self, account: Account, tools: Tools, config: ScreensConfig) -> None:
        self._tools = tools
        self._http = Http(
            tools.session,
            platform=self.name,
            base_url=config.base_url,
            timeout_s=config.timeout_s,
            pace=tools.pace,
        )

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """Too long, or nothing to show."""
        if 0 < len(variant.text) <= LENGTH:
            return []
        message = f"站屏文字须为1至{LENGTH}字，现在是{len(variant.text)}字。"
        return [Problem(code="screens-length", message=message)]

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Nothing to upload; a missing credential shows here, before anything is granted."""
        await self._tools.credentials.load()
        return Checkpoint(data=done.data, ready=True)

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """The one call; the operator of the screens looks at each text before it is shown."""
        answer = await self._http.call(
            "POST",
            "/texts",
            action="commit",
            json_body={"key": key, "text": variant.text},
            headers=await self._headers(),
            effect=True,
        )
        fields = answer.fields
        if "refused" in fields:
            raise Rejected(fields.text("refused"), platform=self.name, action="commit")
        return Pending(ref={"text_id": fields.text("id")}, poll_s=3600)

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """By our key, which the platform keeps."""
        for text in await self._texts():
            if text.text("key") == key:
                shown = text.flag("shown")
                return _receipt(text) if shown else Pending(ref={"text_id": text.text("id")})
        return None

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """Everything that was shown, newest first."""
        for text in reversed(await self._texts()):
            if text.flag("shown"):
                receipt = _receipt(text)
                yield Item(
                    platform_id=receipt.platform_id,
                    url=receipt.url,
                    title="",
                    text=text.text("text"),
                    published_at=receipt.published_at,
                )

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """Nobody counts who waits for a bus."""
        return []

    async def renew(self) -> Authorised:
        """Its token has no end."""
        await self._tools.credentials.load()
        return Authorised(until=None)

    async def profile(self) -> Profile:
        """Whose screens they are."""
        answer = await self._http.read(
            "GET", "/me", action="profile", headers=await self._headers()
        )
        owner = answer.fields.text("owner")
        return Profile(verified_name=owner, permissions={"发布": True, "删除": False})

    async def _texts(self) -> list[Fields]:
        answer = await self._http.read(
            "GET", "/texts", action="find", headers=await self._headers()
        )
        return list(answer.fields.each("texts"))

    async def _headers(self) -> dict[str, str]:
        return {"Authorization": (await self._tools.credentials.load())["token"]}


def _receipt(text: Fields) -> Receipt:
    return Receipt(
        platform_id=text.text("id"),
        url=text.text("url"),
        published_at=datetime.fromtimestamp(text.number("at"), UTC),
    )


class Desk:
    """Connects a unit's screens, and hears when a text was let through."""

    def __init__(self, tools: Tools, config: ScreensConfig) -> None:
        self._tools = tools
        self._base_url = config.base_url
        self._http = Http(
            tools.session, platform=Screens.name, base_url=config.base_url, timeout_s=10
        )

    async def invite(self, account: Account, *, redirect: str, state: str) -> str:
        """The operator's page on which a unit allows us."""
        return f"{self._base_url}/allow?{urlencode({'back': redirect, 'state': state})}"

    async def accept(self, query: Mapping[str, str], *, redirect: str) -> Granted:
        """A code for a token."""
        answer = await self._http.call(
            "POST",
            "/token",
            action="accept",
            json_body={"code": query.get("code", "")},
            effect=False,
        )
        fields = answer.fields
        if "token" not in fields:
            raise Rejected("站屏平台不认这个授权码。", platform=Screens.name, action="accept")
        return Granted(
            fields={"token": fields.text("token"), "owner": fields.text("owner")},
            expires_at=None,
            verified_name=fields.text("owner"),
        )

    async def hear(self, call: Call, account: Credentials | None) -> Heard:
        """{"text_id": …} or {"left": owner}, signed with the office's secret."""
        secret = (await self._tools.credentials.load())["secret"]
        ours = hmac.new(secret.encode(), call.body, "sha256").hexdigest()
        if not hmac.compare_digest(ours, call.headers.get("x-signature", "")):
            raise CallRefused("the signature is wrong")
        said = json.loads(call.body)
        if "left" in said:
            return Heard(body="ok", revoked={"owner": said["left"]})
        return Heard(body="ok", posts=({"text_id": said["text_id"]},))

    async def members(self) -> Sequence[Member]:
        """All owners that allowed us."""
        secret = (await self._tools.credentials.load())["secret"]
        answer = await self._http.read(
            "GET", "/owners", action="members", headers={"Authorization": secret}
        )
        return [
            Member(
                fields={"owner": owner.text("name")},
                profile=Profile(name=owner.text("name"), verified_name=owner.text("name")),
            )
            for owner in answer.fields.each("owners")
        ]


DESK = Desk
