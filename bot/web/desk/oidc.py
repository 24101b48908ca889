"""Login through the office's own sign-on (OpenID Connect, code flow with PKCE). Optional.

Nobody comes in whom the administrator has not entered: the claim that the settings name must be
the one that was written down for a person of the desk.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode

import aiohttp
from aiohttp import web
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bot.engine import entrance
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import people
from bot.logs import get_logger, said
from bot.settings import OidcPart
from bot.web.desk import doors
from bot.web.desk.visit import depth, root_of
from bot.web.pages import render
from bot.web.strangers import address_of

if TYPE_CHECKING:
    from bot.web.desk.site import Desk

log = get_logger(__name__)
_COOKIE = "bot_oidc"
_LIFE_S = 600
_LEEWAY_S = 60
_CALLBACK = "oidc/callback"
# Never "none" and nothing symmetric: a public key must not be taken for a shared secret.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What this browser asked for; kept in its own cookie, signed."""

    state: str
    nonce: str
    verifier: str
    target: str


async def start(desk: Desk, request: web.Request) -> web.StreamResponse:
    """Leads to the office's login page."""
    settings = desk.settings.oidc
    if not settings.issuer:
        raise web.HTTPNotFound
    asked = _Asked(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        target=doors.local(request.query.get("next", "")),
    )
    provider = await _provider(settings)
    query = urlencode(
        {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": _redirect_uri(desk, request),
            "scope": "openid profile",
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": create_s256_code_challenge(asked.verifier),
            "code_challenge_method": "S256",
        }
    )
    there = str(provider["authorization_endpoint"])
    location = f"{there}{'&' if '?' in there else '?'}{query}"
    response = web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})
    secure = doors.is_secure(desk, request)
    response.set_cookie(
        _COOKIE, _pack(desk, asked), httponly=True, secure=secure, samesite="Lax", max_age=_LIFE_S
    )
    return response


async def callback(desk: Desk, request: web.Request) -> web.StreamResponse:
    """Takes what the office's login page brought back, and begins a session."""
    settings = desk.settings.oidc
    asked = _unpack(desk, request.cookies.get(_COOKIE, ""))
    given = request.query.get("state", "")
    if not settings.issuer or asked is None or not doors.is_same(asked.state, given):
        return _no(request, _("This login was begun elsewhere, or too long ago. Please try again."))
    if "code" not in request.query:
        return _no(request, _("The office's login did not let you in."))
    claims = await _claims(desk, request.query["code"], asked, _redirect_uri(desk, request))
    subject = str(claims.get(settings.claim) or "")
    now = desk.core.clock.now()
    async with desk.core.ledger.write() as conn:
        person = await people.find_subject(conn, subject) if subject else None
        if person is None or person.ended_at is not None:
            message = _(
                "The office knows you as {subject}, but nobody of that identity is entered here. "
                "Ask the administrator."
            )
            return _no(request, message.format(subject=subject[:80]))
        entered = await entrance.begin(conn, person, address=address_of(request), now=now)
    response = web.Response(status=303, headers={"Location": root_of(request) + asked.target})
    response.del_cookie(_COOKIE)
    return doors.with_cookie(desk, request, response, entered)


def _no(request: web.Request, text: str) -> web.Response:
    return render("message", status=403, up=depth(request), title=_("Not logged in"), text=text)


def _redirect_uri(desk: Desk, request: web.Request) -> str:
    root = desk.settings.web.public_url or f"{request.scheme}://{request.host}"
    return f"{root.rstrip('/')}/{_CALLBACK}"


def _pack(desk: Desk, asked: _Asked) -> str:
    text = base64.urlsafe_b64encode(json.dumps(asdict(asked)).encode()).decode()
    return f"{text}.{_mark(desk, text)}"


def _unpack(desk: Desk, cookie: str) -> _Asked | None:
    text, _dot, mark = cookie.rpartition(".")
    if not text or not doors.is_same(mark, _mark(desk, text)):
        return None
    return _Asked(**json.loads(base64.urlsafe_b64decode(text)))


def _mark(desk: Desk, text: str) -> str:
    return desk.vault.sign(f"oidc\n{text}")


async def _provider(settings: OidcPart) -> Mapping[str, Any]:
    """What the provider says of itself; raises UsageError when it cannot be used."""
    found = await _ask(settings, "GET", f"{settings.issuer}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != settings.issuer:
        message = _("The office's login at {issuer} calls itself otherwise; see oidc.issuer.")
        raise UsageError(message.format(issuer=settings.issuer))
    return found


async def _claims(desk: Desk, code: str, asked: _Asked, redirect_uri: str) -> Mapping[str, Any]:
    """Who it is, by the provider's signed word; raises UsageError when it cannot be trusted."""
    settings = desk.settings.oidc
    provider = await _provider(settings)
    secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": asked.verifier,
    }
    headers = {}
    if secret:  # written as RFC 6749, 2.3.1 wants it
        known = aiohttp.encode_basic_auth(quote(settings.client_id), quote(secret))
        headers["Authorization"] = known
    else:
        form["client_id"] = settings.client_id
    endpoint = str(provider["token_endpoint"])
    answer = await _ask(settings, "POST", endpoint, data=form, headers=headers)
    keys = await _ask(settings, "GET", str(provider["jwks_uri"]))
    try:
        token = jwt.decode(
            str(answer["id_token"]),
            KeySet.import_key_set(cast("Any", dict(keys))),
            algorithms=_ALGORITHMS,
        )
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": provider["issuer"]},
                "aud": {"essential": True, "value": settings.client_id},
            },
            params={
                "nonce": asked.nonce,
                "client_id": settings.client_id,
                "access_token": answer.get("access_token", ""),
            },
        )
        claims.validate(now=int(desk.core.clock.now().timestamp()), leeway=_LEEWAY_S)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        log.warning("oidc.not_trusted", error=said(error))
        raise UsageError(_("The office's login gave an answer that cannot be trusted.")) from error
    return dict(claims)


async def _ask(
    settings: OidcPart,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
) -> Mapping[str, Any]:
    headers = {"Accept": "application/json", **(headers or {})}
    timeout = aiohttp.ClientTimeout(total=settings.timeout_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(
                method, url, headers=headers, data=data, allow_redirects=False
            ) as answer,
        ):
            found = await answer.json(content_type=None)
            if answer.status != 200 or not isinstance(found, dict):
                raise ValueError(f"HTTP {answer.status}")
            return found
    except (aiohttp.ClientError, OSError, ValueError) as error:
        log.warning("oidc.no_answer", url=url, error=said(error))
        raise UsageError(
            _("The office's login does not answer. Log in with your password, or try again later.")
        ) from error


PUBLIC: tuple[tuple[str, str, doors.Open], ...] = (
    ("GET", "/oidc/start", start),
    ("GET", f"/{_CALLBACK}", callback),
)
