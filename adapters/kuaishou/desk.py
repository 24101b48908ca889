"""Kuaishou's front desk: leading an account's owner through the platform's authorisation.

The app is the office's own; its `app_id` and `app_secret` are entered as `@kuaishou`. There is no
event about a work, and how events are signed is not documented, so nothing is heard here.
https://apifox.com/apidoc/project-462993/api-7075071 (copy of the official page, read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from adapters.http import Fields, Origin
from adapters.kuaishou.config import KuaishouConfig, api_of
from adapters.kuaishou.limits import NEEDED, SCOPES
from adapters.oauth import ACCESS, EXPIRES, REFRESH, REFRESH_EXPIRES, Kept, after
from bot.clock import Clock
from bot.contract import Credentials, Granted, Tools
from bot.domain.roster import Account
from bot.errors import AuthFailed, PlatformError
from bot.i18n import _


class KuaishouDesk:
    """Takes the owner of an account to Kuaishou's authorisation page, and back."""

    def __init__(self, tools: Tools, config: KuaishouConfig) -> None:
        self._api = api_of(tools, config)
        self._app = tools.credentials
        self._clock = tools.clock
        self._authorise_url = f"{config.base_url.rstrip('/')}/oauth2/authorize"

    async def invite(self, account: Account, *, redirect: str, state: str) -> str:
        """The page with a QR code for Kuaishou's app; raises AuthFailed without an app."""
        app_id, _secret = await app_of({}, self._app)
        query = {
            "app_id": app_id,
            "scope": ",".join(SCOPES),
            "response_type": "code",
            "redirect_uri": redirect,
            "state": state,
            "ua": "pc",
        }
        return f"{self._authorise_url}?{urlencode(query)}"

    async def accept(self, query: Mapping[str, str], *, redirect: str) -> Granted:
        """The account's tokens for the code the browser brought; it works once.

        Raises AuthFailed when the owner did not agree, or not to what is needed.
        """
        code = query.get("code", "")
        if not code:
            raise _refusal(_("The account's owner did not agree on Kuaishou's page."))
        app_id, secret = await app_of({}, self._app)
        params = {
            "app_id": app_id,
            "app_secret": secret,
            "code": code,
            "grant_type": "authorization_code",
        }
        told = await self._api.oauth("access_token", params)
        fields = {"app_id": app_id, "open_id": told.text("open_id"), **tokens(told, self._clock)}
        check_scopes(fields)
        ends = fields[REFRESH_EXPIRES]
        return Granted(
            fields=fields,
            expires_at=datetime.fromisoformat(ends) if ends else None,
            name=await self._name(app_id, fields),
        )

    async def _name(self, app_id: str, fields: Kept) -> str:
        """The account's name; "" when it cannot be asked for, because the code is spent already."""
        try:
            return await self._api.name(app_id, fields)
        except PlatformError:
            return ""


async def app_of(fields: Kept, app: Credentials | None) -> tuple[str, str]:
    """app_id and app_secret: the account's own where it has them, else the office's."""
    if fields.get("app_id") and fields.get("app_secret"):
        return fields["app_id"], fields["app_secret"]
    if app is None:
        raise _refusal(_("There is no app for Kuaishou. Enter app_id and app_secret of one."))
    known = await app.load()
    if not known.get("app_id") or not known.get("app_secret"):
        raise _refusal(_("The app for Kuaishou needs app_id and app_secret."))
    if fields.get("app_id", known["app_id"]) != known["app_id"]:
        raise _refusal(_("This account was authorised for another Kuaishou app."))
    return known["app_id"], known["app_secret"]


def tokens(told: Fields, clock: Clock) -> dict[str, str]:
    """The fields of a credential an OAuth answer gives.

    The lives are not fixed; a refresh_token inherits the end of the one before.
    """
    left_s = told.number("refresh_token_expires_in", 0)
    scopes = told.value.get("scopes")
    named = ",".join(map(str, scopes)) if isinstance(scopes, list) else str(scopes or "")
    return {
        ACCESS: told.text("access_token"),
        REFRESH: told.text("refresh_token"),
        EXPIRES: after(clock, told.number("expires_in")),
        REFRESH_EXPIRES: after(clock, left_s) if left_s > 0 else "",
        "scopes": named,
    }


def check_scopes(fields: Kept) -> None:
    """Raises AuthFailed when the owner left out what publishing needs; silent when not known."""
    known = fields.get("scopes", "")
    missing = [scope for scope in NEEDED if scope not in known.split(",")]
    if known and missing:
        message = _("The account's owner did not allow {scopes} on Kuaishou's page.")
        raise _refusal(message.format(scopes=", ".join(missing)))


def margins(left_s: float, early_s: float) -> dict[str, timedelta]:
    """Settings as the tokens take them."""
    return {"left": timedelta(seconds=left_s), "early": timedelta(seconds=early_s)}


def _refusal(message: str) -> AuthFailed:
    return Origin(platform="kuaishou", action="authorise", effect=False).error(
        AuthFailed,
        message,
        advice=_("Have the account's administrator authorise it again, and tick everything."),
    )
