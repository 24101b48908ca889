"""Douyin's front desk: signed webhooks, the officer's way into the app, and OAuth."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from adapters.douyin.api import Token
from adapters.douyin.app import App
from adapters.douyin.config import DouyinConfig
from adapters.douyin.limits import REFRESH_LIFE_S, RENEW_SCOPE
from adapters.douyin.page import open_page
from adapters.douyin.parts import api_of, http_of
from adapters.douyin.share import opened, signed_link
from adapters.douyin.tokens import prolonged
from adapters.douyin.works import origin
from bot.contract import Call, Credentials, Granted, Heard, Tools
from bot.domain.roster import Account
from bot.errors import AuthFailed, CallRefused
from bot.i18n import _

_JSON = "application/json"
_SIGNATURE = "x-douyin-signature"
_SEEN = 1000  # Msg-Ids remembered
_REVOKED = frozenset({"unauthorize", "contract_unauthorize"})
_H5 = "handoff_h5"


class DouyinDesk:
    """Takes Douyin's calls; `tools.credentials` are those of the office's application."""

    def __init__(self, tools: Tools, config: DouyinConfig) -> None:
        self._tools = tools
        self._config = config
        self._api = api_of(tools, config)
        self._seen: OrderedDict[str, None] = OrderedDict()

    # ── webhooks ──────────────────────────────────────────────────────────────────────────────

    async def hear(self, call: Call, account: Credentials | None) -> Heard:
        """A webhook (POST), or a phone that has scanned a code of ours (GET).

        A wrong signature and an unreadable body raise CallRefused; unknown events are taken and
        change nothing. https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/webhooks/summarize
        """
        app = self._app(account)
        if call.method == "GET":
            return await self._into_the_app(app, call.query.get("share", ""))
        key, secret = await app.key_and_secret()
        event = _object(call.body)
        # No page says whether the check at set-up is signed; its answer tells nobody anything.
        setting_up = event.get("event") == "verify_webhook"
        if not setting_up or _SIGNATURE in call.headers:
            _check_signature(call, secret)
        if event.get("client_key") not in (key, "", None):
            raise CallRefused(_("The call speaks of another application than ours."))
        content = _content(event)
        if setting_up:
            body = json.dumps({"challenge": content.get("challenge")})
            return Heard(body=body, content_type=_JSON)
        if event.get("event") in _REVOKED:
            return self._revocation(call, event, content)
        return Heard(posts=tuple(_hints(content)))

    def _revocation(
        self, call: Call, event: Mapping[str, object], content: Mapping[str, object]
    ) -> Heard:
        """The account whose owner took back what we need; a repeat says nothing new.

        Remembered, because the owner may have authorised us again since.
        """
        mark = call.headers.get("msg-id") or hashlib.sha256(call.body).hexdigest()
        open_id = event.get("from_user_id")
        if mark in self._seen or not isinstance(open_id, str) or not open_id:
            return Heard()
        self._seen[mark] = None
        if len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        given = content.get("scopes")
        gone = set(given) if isinstance(given, list) else set()
        if gone and not gone & {
            *self._config.scopes.split(","),
            *self._config.share_scopes.split(","),
        }:
            return Heard()  # something the bot does not use
        return Heard(revoked={"open_id": open_id})

    async def _into_the_app(self, app: App, text: str) -> Heard:
        """A page that opens Douyin's app, with a link that is signed now."""
        key, secret = await app.key_and_secret()
        share = opened(text, secret)
        ticket = await app.ticket()
        link = signed_link(share, key, ticket.text, self._tools.clock.now())
        return Heard(body=open_page(link, share.caption), content_type="text/html")

    def _app(self, account: Credentials | None) -> App:
        http = http_of(self._tools, self._config, self._config.timeout_s)
        return App(http, self._tools.clock, self._tools.credentials, account)

    # ── OAuth ─────────────────────────────────────────────────────────────────────────────────

    async def invite(self, account: Account, *, redirect: str, state: str) -> str:
        """The page where the account's owner scans a code and agrees.

        https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/account-permission/douyin-get-permission-code
        """
        scopes = self._config.share_scopes if account.mode == _H5 else self._config.scopes
        query = {
            "client_key": await self._app(None).key(),
            "response_type": "code",
            "scope": scopes,
            "redirect_uri": redirect,
            "state": state,
        }
        base = self._config.base_url.rstrip("/")
        return f"{base}/platform/oauth/connect/?{urlencode(query, quote_via=quote)}"

    async def accept(self, query: Mapping[str, str], *, redirect: str) -> Granted:
        """The tokens for the code, which works once and for ten minutes, and the account's name."""
        if not query.get("code"):
            message = _("The account's owner did not agree on Douyin's page.")
            advice = _("Open the invitation again and agree to all that is asked for.")
            raise origin("oauth/access_token").error(AuthFailed, message, advice=advice)
        key, secret = await self._app(None).key_and_secret()
        form = {
            "client_key": key,
            "client_secret": secret,
            "code": query["code"],
            "grant_type": "authorization_code",
        }
        told = await self._api.oauth("access_token", form)
        now = self._tools.clock.now()
        refresh_s = told.number("refresh_expires_in", REFRESH_LIFE_S)
        refresh_ends_at = now + timedelta(seconds=refresh_s)
        fields = {
            "client_key": key,
            "open_id": told.text("open_id"),
            "access_token": told.text("access_token"),
            "refresh_token": told.text("refresh_token"),
            "expires_at": (now + timedelta(seconds=told.number("expires_in"))).isoformat(),
            "refresh_expires_at": refresh_ends_at.isoformat(),
            "scope": told.text("scope", ""),
        }
        token = Token(access_token=fields["access_token"], open_id=fields["open_id"])
        return Granted(
            fields=fields,
            expires_at=self._until(refresh_ends_at, fields["scope"]),
            name=await self._api.nickname(token),
        )

    def _until(self, ends_at: datetime, scopes: str) -> datetime:
        renewals = self._config.renewals if RENEW_SCOPE in scopes.split(",") else 0
        return prolonged(ends_at, renewals, timedelta(seconds=self._config.renew_before_s))


def _hints(content: Mapping[str, object]) -> Iterator[dict[str, str]]:
    """The work an event speaks of: one that is pending, and what a share of ours became."""
    names = ("share_id", "item_id", "video_id")
    known = {name: str(content[name]) for name in names if content.get(name)}
    if "item_id" in known:
        yield {"item_id": known["item_id"]}
        if "share_id" in known:
            yield known


def _check_signature(call: Call, secret: str) -> None:
    """X-Douyin-Signature is the SHA-1 of the application's secret and the body as it came."""
    expected = hashlib.sha1(secret.encode() + call.body, usedforsecurity=False).hexdigest()
    given = call.headers.get(_SIGNATURE, "")
    if not hmac.compare_digest(given.lower().encode(), expected.encode()):
        raise CallRefused(_("The call is not signed with the application's secret."))


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise CallRefused(_("The call is not JSON.")) from error
    if not isinstance(found, dict):
        raise CallRefused(_("The call is not a JSON object."))
    return found


def _content(event: Mapping[str, object]) -> dict[str, object]:
    """The content, which newer events send as text that holds JSON."""
    content = event.get("content", {})
    if isinstance(content, str):
        content = _object(content.encode()) if content else {}
    if not isinstance(content, dict):
        raise CallRefused(_("The call has no content that can be read."))
    return content
