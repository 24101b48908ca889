"""The office's front desk at Weibo: it leads an account's owner through the authorisation.

The call that tells of an authorisation taken back (授权回调取消页) is not heard: how it is signed
is not documented, and an unsigned call must not stop an account. `renew` sees it within a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from adapters.http import Origin
from adapters.weibo.api import ERRORS, Credential, WeiboApi, http_of
from adapters.weibo.config import WeiboConfig
from adapters.weibo.limits import PLATFORM
from adapters.weibo.oauth import App, OAuth, Token, app_of, authorize_url
from bot.contract import Granted, Tools
from bot.domain.roster import Account
from bot.errors import AuthFailed, PlatformError, Rejected
from bot.i18n import _

_TOO_MANY_USERS = "21321"  # of an app that was not audited yet


class WeiboDesk:
    """Connects accounts to the office's app, whose key and secret are the credential `@weibo`."""

    def __init__(self, tools: Tools, config: WeiboConfig) -> None:
        self._tools = tools
        self._config = config
        http = http_of(tools, config)
        self._oauth = OAuth(http, tools.clock)
        self._api = WeiboApi(http, tools.clock)

    async def invite(self, account: Account, *, redirect: str, state: str) -> str:
        """The page on which the account's owner agrees; AuthFailed without the office's app."""
        return authorize_url(
            self._config.base_url,
            await self._app("oauth2/authorize"),
            redirect=redirect,
            state=state,
            force_login=self._config.force_login,
        )

    async def accept(self, query: Mapping[str, str], *, redirect: str) -> Granted:
        """Exchanges the code; the name is the one the platform shows for the account.

        Errors: AuthFailed when the owner refused, the code is used up or the app is not in order;
        Rejected when there is no code; Unavailable when no answer came, then the owner begins anew.
        """
        app = await self._app("oauth2/access_token")
        token = await self._oauth.exchange(app, self._code(query), redirect=redirect)
        until = self._tools.clock.now() + timedelta(seconds=token.life_s)
        return Granted(
            fields={
                "access_token": token.access_token,
                "uid": token.uid,
                "app_key": app.key,
                "expires_at": until.isoformat(),
            },
            expires_at=until,
            name=await self._name(token),
        )

    def _code(self, query: Mapping[str, str]) -> str:
        origin = Origin(platform=PLATFORM, action="oauth2/authorize", effect=False)
        if refused := query.get("error_code", ""):
            text = query.get("error_description") or query.get("error", "")
            raise ERRORS.error(origin, refused, text, now=self._tools.clock.now())
        if not query.get("code"):
            message = _("Weibo sent the browser back without a code.")
            advice = _("Open the invitation again and agree on Weibo's page.")
            raise origin.error(Rejected, message, advice=advice)
        return query["code"]

    async def _name(self, token: Token) -> str:
        """The account's name; "" when the platform does not say: the code is used up by now."""
        who = Credential(access_token=token.access_token, uid=token.uid, rip="")
        try:
            return (await self._api.user(who, token.uid)).screen_name
        except PlatformError as error:
            if error.code == _TOO_MANY_USERS:
                raise  # then the token is of no use for anything
            return ""

    async def _app(self, action: str) -> App:
        app = app_of(await self._tools.credentials.load())
        if app is None:
            raise Origin(platform=PLATFORM, action=action, effect=False).error(
                AuthFailed,
                _('The office\'s credential at Weibo needs "app_key" and "app_secret".'),
                advice=_("Enter both with `bot accounts set-credential @weibo`."),
            )
        return app
