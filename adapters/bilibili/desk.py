"""bilibili's front desk: authorisation of accounts, and what the platform tells by itself.

The app is the office's own; its `client_id` and `client_secret` are entered as `@bilibili`.
https://open.bilibili.com/doc/4/ (账号授权, WebHooks; read 2026-11-21)
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from adapters.bilibili.config import BilibiliConfig, api_of
from adapters.bilibili.limits import NEEDED
from adapters.bilibili.signature import PREFIX, Key, md5, signature
from adapters.http import Fields, Origin
from adapters.oauth import ACCESS, EXPIRES, REFRESH, Kept
from bot.clock import Clock
from bot.contract import Call, Credentials, Granted, Heard, Tools
from bot.domain.roster import Account
from bot.errors import AuthFailed, CallRefused, PlatformError
from bot.i18n import _

_A_MOMENT = 1_000_000_000  # larger values of expires_in are a moment, smaller ones a span
_WORKS = ("video_open", "video_fail")


class BilibiliDesk:
    """Takes owners to bilibili's authorisation page and back, and hears its events."""

    def __init__(self, tools: Tools, config: BilibiliConfig) -> None:
        self._api = api_of(tools, config)
        self._app = tools.credentials
        self._clock = tools.clock
        self._authorise_url = config.authorise_url

    # ── connecting ────────────────────────────────────────────────────────────────────────────

    async def invite(self, account: Account, *, redirect: str, state: str) -> str:
        """bilibili's page; what may be allowed there is what the app was granted."""
        client_id, _secret = await app_of({}, self._app)
        query = {"client_id": client_id, "gourl": redirect, "state": state}
        return f"{self._authorise_url}?{urlencode(query)}"

    async def accept(self, query: Mapping[str, str], *, redirect: str) -> Granted:
        """The account's tokens for the code the browser brought; it works once.

        Raises AuthFailed when the owner did not agree, or not to submitting videos.
        """
        code = query.get("code", "")
        if not code:
            raise _refusal(_("The account's owner did not agree on bilibili's page."))
        client_id, secret = await app_of({}, self._app)
        form = {
            "client_id": client_id,
            "client_secret": secret,
            "grant_type": "authorization_code",
            "code": code,
        }
        told = await self._api.oauth("token", form)
        fields = {"client_id": client_id, **tokens(told, self._clock)}
        key = Key(client_id=client_id, secret=secret, access_token=fields[ACCESS])
        fields |= await self._owner(key)
        check_scopes(fields)
        return Granted(fields=fields, expires_at=None, name=await self._name(key))

    async def _owner(self, key: Key) -> dict[str, str]:
        """Whose tokens these are, so that a withdrawal of the authorisation finds them.

        Nothing when it cannot be asked for, because the code is spent already.
        """
        try:
            open_id, scopes = await self._api.scopes(key)
        except PlatformError:
            return {}
        return {"open_id": open_id, "scopes": ",".join(scopes)}

    async def _name(self, key: Key) -> str:
        try:
            return await self._api.name(key)
        except PlatformError:
            return ""

    # ── hearing ───────────────────────────────────────────────────────────────────────────────

    async def hear(self, call: Call, account: Credentials | None) -> Heard:
        """Understands an event; only a hint, for polling stays the truth.

        Raises CallRefused for a wrong signature or an unreadable body.
        """
        body = _object(call.body)
        event, content = body.get("event"), body.get("content")
        told = content if isinstance(content, dict) else {}
        if event == "verify_webhooks":
            # Whoever registers the address has it answered; it tells nobody anything.
            echo = json.dumps({"data": told.get("data")}, ensure_ascii=False)
            return Heard(body=echo, content_type="application/json")
        client_id, secret = await app_of({}, self._app)
        if not _genuine(call, secret):
            raise CallRefused(_("The call is not signed by bilibili."))
        if told.get("client_id", client_id) != client_id:
            raise CallRefused(_("The call speaks of another app than the office's."))
        return _heard(event, told)


def _heard(event: object, told: Mapping[str, object]) -> Heard:
    open_id, resource_id = told.get("openid"), told.get("resource_id")
    if event == "deauthorize" and isinstance(open_id, str) and open_id:
        return Heard(revoked={"open_id": open_id})
    if event in _WORKS and isinstance(resource_id, str) and resource_id:
        return Heard(posts=({"resource_id": resource_id}, {"platform_id": resource_id}))
    return Heard()


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body.decode("utf-8"))
    except ValueError as error:
        raise CallRefused(_("The call's body is not JSON.")) from error
    if not isinstance(found, dict):
        raise CallRefused(_("The call's body is not an object."))
    return found


def _genuine(call: Call, secret: str) -> bool:
    """True when one of the two rules in use holds; which one the platform follows is not certain.

    Either sha1(secret + body), or the six headers of a signed call with the body's MD5.
    """
    old = hashlib.sha1(secret.encode() + call.body, usedforsecurity=False).hexdigest()
    if hmac.compare_digest(old, call.headers.get("x-bilibili-signature", "")):
        return True
    headers = {name: value for name, value in call.headers.items() if name.startswith(PREFIX)}
    if headers.get(f"{PREFIX}content-md5") != md5(call.body):
        return False
    given = call.headers.get("authorization", "")
    return hmac.compare_digest(signature(headers, secret), given)


async def app_of(fields: Kept, app: Credentials | None) -> tuple[str, str]:
    """client_id and client_secret: the account's own where it has them, else the office's."""
    if fields.get("client_id") and fields.get("client_secret"):
        return fields["client_id"], fields["client_secret"]
    if app is None:
        raise _refusal(_("There is no app for bilibili. Enter client_id and client_secret of one."))
    known = await app.load()
    if not known.get("client_id") or not known.get("client_secret"):
        raise _refusal(_("The app for bilibili needs client_id and client_secret."))
    if fields.get("client_id", known["client_id"]) != known["client_id"]:
        raise _refusal(_("This account was authorised for another bilibili app."))
    return known["client_id"], known["client_secret"]


def tokens(told: Fields, clock: Clock) -> dict[str, str]:
    """The fields of a credential an OAuth answer gives."""
    value = told.number("expires_in")
    span = timedelta(seconds=value)
    ends_at = datetime.fromtimestamp(value, UTC) if value > _A_MOMENT else clock.now() + span
    fields = {
        ACCESS: told.text("access_token"),
        REFRESH: told.text("refresh_token"),
        EXPIRES: ends_at.isoformat(),
    }
    scopes = told.value.get("scopes")
    named = {"scopes": ",".join(map(str, scopes))} if isinstance(scopes, list) and scopes else {}
    return {**fields, **named}


def check_scopes(fields: Kept) -> None:
    """Raises AuthFailed when the owner left out what submitting needs; silent when not known."""
    known = fields.get("scopes", "")
    if known and NEEDED not in known.split(","):
        message = _("The account's owner did not allow {scopes} on bilibili's page.")
        raise _refusal(message.format(scopes=NEEDED))


def _refusal(message: str) -> AuthFailed:
    return Origin(platform="bilibili", action="authorise", effect=False).error(
        AuthFailed,
        message,
        advice=_("Have the account's administrator authorise it again, and tick everything."),
    )
