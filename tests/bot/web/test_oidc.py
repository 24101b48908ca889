"""Login through the office's sign-on, against a provider of our own over real HTTP."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from bot.ledger import people
from bot.settings import OidcPart
from tests.bot.engine.world import START, open_world
from tests.bot.web.visitors import PEOPLE, Desk, Page, Visitor, open_desk

NOW = int(START.timestamp())


@dataclass
class Provider:
    """A sign-on that always lets `subject` in; `lie` changes what it signs."""

    url: str = ""
    subject: str = "staff-0042"
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))
    shown: RSAKey | None = None
    lie: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    async def configuration(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        )

    async def keys(self, _request: web.Request) -> web.Response:
        shown = self.shown or self.key
        return web.json_response(KeySet([shown]).as_dict(private=False))

    def authorize(self, location: str) -> tuple[str, str]:
        """The person logs in there: the code and state that come back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert location.startswith(f"{self.url}/authorize?")
        code = f"code{len(self.asked)}"
        self.asked[code] = query
        return code, query["state"]

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        query = self.asked.pop(str(form["code"]), None)
        if query is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        proof = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        assert base64.urlsafe_b64encode(proof).decode().rstrip("=") == query["code_challenge"]
        assert form["redirect_uri"] == query["redirect_uri"]
        assert request.headers["Authorization"].startswith("Basic ")
        claims = {
            "iss": self.url,
            "sub": self.subject,
            "aud": "bot",
            "exp": NOW + 300,
            "iat": NOW,
            "nonce": query["nonce"],
        } | self.lie
        signed = jwt.encode({"alg": self.algorithm, "kid": "k1"}, claims, self.key)
        return web.json_response({"id_token": signed, "access_token": "a", "token_type": "Bearer"})


@asynccontextmanager
async def served(provider: Provider) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", provider.configuration)
    app.router.add_get("/keys", provider.keys)
    app.router.add_post("/token", provider.token)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def desk(tmp_path: Path, provider: Provider) -> AsyncIterator[Desk]:
    async with open_world(tmp_path) as world, served(provider):
        oidc = OidcPart.model_validate(
            {
                "issuer": provider.url,
                "client_id": "bot",
                "client_secret": "s3cret",
                "name": "区卫健委统一身份认证",
            }
        )
        async with world.app.core.ledger.write() as conn:
            await people.add(conn, replace(PEOPLE["manager"], subject="staff-0042"))
        async with open_desk(world, oidc=oidc) as opened:
            yield opened


async def came_back(desk: Desk, provider: Provider) -> tuple[Visitor, Page]:
    visitor = await desk.stranger()
    begun = await visitor.get("/oidc/start?next=counts%3Fyear%3D2026")
    code, state = provider.authorize(begun.headers["Location"])
    return visitor, await visitor.get(f"/oidc/callback?code={code}&state={state}")


async def test_who_was_entered_comes_in_and_goes_on_where_they_were(
    desk: Desk, provider: Provider
) -> None:
    login = await (await desk.stranger()).get("/login")
    assert "区卫健委统一身份认证" in login.words
    visitor, page = await came_back(desk, provider)
    assert (page.status, page.headers["Location"]) == (303, "../counts?year=2026")
    assert "委领导" in (await visitor.get("/me")).words


async def test_nobody_comes_in_who_was_not_entered_or_is_kept_out(
    desk: Desk, provider: Provider
) -> None:
    provider.subject = "staff-9999"
    _visitor, page = await came_back(desk, provider)
    assert page.status == 403
    assert "staff-9999" in page.words
    provider.subject = "staff-0042"
    async with desk.app.core.ledger.write() as conn:
        known = await people.find(conn, "manager")
        assert known is not None
        await people.change(conn, replace(known, ended_at=START))
    _visitor, page = await came_back(desk, provider)
    assert page.status == 403


@pytest.mark.parametrize(
    "lie",
    [
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"exp": NOW - 3600},
        {"sub": ""},
    ],
    ids=lambda lie: next(iter(lie)),
)
async def test_what_is_not_for_us_or_not_for_now_is_not_believed(
    desk: Desk, provider: Provider, lie: dict[str, Any]
) -> None:
    provider.lie = lie
    visitor, page = await came_back(desk, provider)
    assert page.status in {403, 409}
    assert (await visitor.get("/me")).status == 303


async def test_another_key_is_not_believed(desk: Desk, provider: Provider) -> None:
    provider.shown = RSAKey.generate_key(2048, {"kid": "k1"})
    _visitor, page = await came_back(desk, provider)
    assert page.status == 409


async def test_an_answer_that_another_browser_asked_for_is_refused(
    desk: Desk, provider: Provider
) -> None:
    victim, thief = await desk.stranger(), await desk.stranger()
    begun = await thief.get("/oidc/start")
    code, state = provider.authorize(begun.headers["Location"])
    assert (await victim.get(f"/oidc/callback?code={code}&state={state}")).status == 403
    await victim.get("/oidc/start")
    assert (await victim.get(f"/oidc/callback?code={code}&state={state}")).status == 403


async def test_a_provider_that_is_gone_is_a_sentence(desk: Desk, provider: Provider) -> None:
    provider.url = "http://127.0.0.1:9"
    page = await (await desk.stranger()).get("/oidc/start")
    assert page.status == 409
