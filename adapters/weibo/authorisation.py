"""An account's authorisation: what its calls need, and how long it holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from adapters.http import Origin
from adapters.weibo.api import Credential
from adapters.weibo.config import WeiboConfig
from adapters.weibo.limits import PLATFORM
from adapters.weibo.oauth import OAuth, TokenInfo
from bot.clock import check_aware
from bot.contract import Authorised, Tools
from bot.domain.roster import Account
from bot.errors import AuthFailed
from bot.i18n import _

_SAME_END = timedelta(hours=1)  # answers take their time, and clocks differ


class Authorisation:
    """The token of one account. Only a person can prolong it."""

    def __init__(self, account: Account, tools: Tools, oauth: OAuth, config: WeiboConfig) -> None:
        self._account = account
        self._tools = tools
        self._oauth = oauth
        self._check_every = timedelta(seconds=config.token_check_s)
        self._checked: tuple[str, datetime, Authorised] | None = None

    async def credential(self, action: str) -> Credential:
        """What a call needs; raises AuthFailed when it is incomplete or has run out."""
        fields = await self._tools.credentials.load()
        for name in ("access_token", "uid"):
            if not fields.get(name):
                raise self._lacks(action, name)
        expires_at = self._end(fields, action)
        if expires_at is not None and expires_at <= self._tools.clock.now():
            message = _("The Weibo authorisation of {account} has run out.")
            raise self._failed(action, message.format(account=self._account.name))
        return Credential(
            access_token=fields["access_token"],
            uid=fields["uid"],
            rip=fields.get("rip") or await self._office_rip(action),
        )

    async def renew(self) -> Authorised:
        """When the authorisation ends, by the platform's own word, asked for once a day.

        That is also how an authorisation taken back (revokeoauth2, a changed password) is seen
        before a post is due. https://open.weibo.com/wiki/Oauth2/get_token_info
        """
        who = await self.credential("oauth2/get_token_info")
        fields, now = await self._tools.credentials.load(), self._tools.clock.now()
        known = self._end(fields, "oauth2/get_token_info")
        if self._checked is not None:
            token, at, told = self._checked
            if token == who.access_token and told.until == known and now < at + self._check_every:
                return told
        info = await self._oauth.token_info(who.access_token)
        until = now + timedelta(seconds=info.left_s)
        if known is None or abs(until - known) > _SAME_END:
            await self._note_end(who, until)
        else:
            until = known
        told = Authorised(until=until, trouble=self._trouble(fields, info))
        self._checked = (who.access_token, now, told)
        return told

    def _trouble(self, fields: Mapping[str, str], info: TokenInfo) -> str:
        """A token of another app works, but the office's app sees no reposts of the account."""
        meant = fields.get("app_key", "")
        if not meant or not info.app_key or meant == info.app_key:
            return ""
        message = _("The token belongs to another app ({theirs}) than the one entered ({ours}).")
        return message.format(theirs=info.app_key, ours=meant)

    async def _note_end(self, who: Credential, until: datetime) -> None:
        async with self._tools.credentials.exclusively() as fields:
            if fields.get("access_token") == who.access_token:
                ends = {"expires_at": until.isoformat()}
                await self._tools.credentials.store({**fields, **ends}, expires_at=until)

    async def _office_rip(self, action: str) -> str:
        """The office's public address, entered once for all accounts."""
        try:
            office = await self._tools.app.load() if self._tools.app is not None else {}
        except AuthFailed:
            office = {}
        if not office.get("rip"):
            raise self._lacks(action, "rip")
        return office["rip"]

    def _end(self, fields: Mapping[str, str], action: str) -> datetime | None:
        text = fields.get("expires_at", "")
        try:
            return check_aware(datetime.fromisoformat(text)) if text else None
        except ValueError as error:
            message = _('The credential of {account} has an unreadable "{field}".')
            raise self._failed(
                action, message.format(account=self._account.name, field="expires_at")
            ) from error

    def _lacks(self, action: str, field: str) -> AuthFailed:
        message = _('The credential of {account} has no "{field}".')
        advice = ""
        if field == "rip":
            advice = _(
                'Enter the office\'s public IP address as "rip" for all accounts: '
                "`bot accounts set-credential @weibo`."
            )
        return self._failed(
            action, message.format(account=self._account.name, field=field), advice=advice
        )

    def _failed(self, action: str, message: str, *, advice: str = "") -> AuthFailed:
        again = _("Authorise the account again: `bot accounts connect {account}`.")
        return Origin(platform=PLATFORM, action=action, effect=False).error(
            AuthFailed, message, advice=advice or again.format(account=self._account.id)
        )
