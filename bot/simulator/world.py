"""Everything the simulator holds: the shared core and the platforms."""

from datetime import datetime
from typing import Any

from bot.simulator import (
    baijiahao,
    bilibili_state,
    douyin_state,
    kuaishou_state,
    website_state,
    wechat_state,
    weibo_state,
)
from bot.simulator.baijiahao import Baijiahao
from bot.simulator.bilibili import Bilibili
from bot.simulator.clock import Clock, parse_moment
from bot.simulator.douyin import Douyin
from bot.simulator.kuaishou import Kuaishou
from bot.simulator.store import ControlError, Core, Json
from bot.simulator.website import Website
from bot.simulator.wechat import Wechat
from bot.simulator.weibo import Weibo
from bot.simulator.wire import Platform

_FIELDS = {
    "wechat": (wechat_state.INPUT, ("appid", "secret")),
    "weibo": (weibo_state.INPUT, ("uid", "access_token", "app_key")),
    "douyin": (
        douyin_state.INPUT,
        ("open_id", "client_key", "client_secret", "access_token", "refresh_token"),
    ),
    "kuaishou": (kuaishou_state.INPUT, kuaishou_state.NEEDED),
    "bilibili": (bilibili_state.INPUT, bilibili_state.NEEDED),
    "baijiahao": (baijiahao.INPUT, ("app_id", "app_token")),
    "website": (website_state.INPUT, ("user", "password")),
}
_FLAGS = (
    "verified",
    "comments",
    "domains_audited",
    "approved",
    "owner",
    "paid",
    "list",
    "strips_authorization",
    "muted",
)
_MOMENTS = ("expires_at", "refresh_expires_at")


class World:
    """One simulator; `reset` makes it new again."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self.reset()

    def reset(self) -> None:
        """Forget everything, settings and clock included."""
        self.core = Core(clock=Clock(self._start))
        self.wechat = Wechat(self.core)
        self.weibo = Weibo(self.core)
        self.douyin = Douyin(self.core)
        self.website = Website(self.core)
        self.kuaishou = Kuaishou(self.core)
        everyone: list[Platform] = [self.wechat, self.weibo, self.douyin, self.website]
        self.bilibili = Bilibili(self.core)
        self.baijiahao = Baijiahao(self.core)
        everyone += [self.kuaishou, self.bilibili, self.baijiahao]
        self._platforms = {platform.name: platform for platform in everyone}

    def platform(self, name: str) -> Platform:
        """The platform of this name; `ControlError` for any other."""
        found = self._platforms.get(name)
        if found is None:
            known = ", ".join(self._platforms)
            raise ControlError(f"platform must be one of {known}, not {name!r}")
        return found

    def register(self, data: Any) -> None:
        """Add or update one account from control input."""
        if not isinstance(data, dict):
            raise ControlError("an account must be an object")
        platform, account = text(data, "platform"), text(data, "account")
        self.platform(platform)
        known = account in self.account_ids(platform)
        checked = _account_fields(platform, data, partial=known)
        if platform == "wechat":
            self.wechat.state.register(checked)
        elif platform == "weibo":
            self.weibo.state.register(checked)
        elif platform == "website":
            self.website.state.register(checked)
        elif platform == "baijiahao":
            self.baijiahao.state.register(checked)
        elif platform == "douyin":
            self.douyin.state.register(checked)
        elif platform == "kuaishou":
            self.kuaishou.state.register(checked)
        else:
            self.bilibili.state.register(checked)

    def account_ids(self, platform: str) -> list[str]:
        """Our ids of the platform's accounts."""
        found: dict[str, list[str]] = {
            "wechat": list(self.wechat.state.accounts),
            "weibo": list(self.weibo.state.users),
            "douyin": list(self.douyin.state.accounts),
            "kuaishou": list(self.kuaishou.state.accounts),
            "bilibili": list(self.bilibili.state.accounts),
            "website": list(self.website.state.sites),
            "baijiahao": list(self.baijiahao.state.authors),
        }
        return found[platform]

    def accounts(self) -> list[Json]:
        """Every account as it was registered, tokens as they are now."""
        shown: list[Json] = []
        for wechat in self.wechat.state.accounts.values():
            shown.append({name: getattr(wechat, name) for name in wechat_state.INPUT})
        for user in self.weibo.state.users.values():
            shown.append({name: getattr(user, name) for name in weibo_state.INPUT})
        for douyin in self.douyin.state.accounts.values():
            shown.append({name: getattr(douyin, name) for name in douyin_state.INPUT})
        for kuaishou in self.kuaishou.state.accounts.values():
            shown.append({name: getattr(kuaishou, name) for name in kuaishou_state.INPUT})
        for bilibili in self.bilibili.state.accounts.values():
            shown.append({name: getattr(bilibili, name) for name in bilibili_state.INPUT})
        for site in self.website.state.sites.values():
            shown.append({name: getattr(site, name) for name in website_state.INPUT})
        for author in self.baijiahao.state.authors.values():
            shown.append({name: getattr(author, name) for name in baijiahao.INPUT})
        return shown

    def check_account(self, data: Json) -> tuple[str, str]:
        """Platform and account named by control input; `ControlError` if there is no such."""
        platform, account = text(data, "platform"), text(data, "account")
        self.platform(platform)
        if account not in self.account_ids(platform):
            raise ControlError(f"there is no {platform} account {account!r}")
        return platform, account


def text(data: Json, name: str) -> str:
    """A text that must be there."""
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"{name} must be a text that is not empty")
    return value


def _account_fields(platform: str, data: Json, *, partial: bool) -> Json:
    allowed, required = _FIELDS[platform]
    unknown = sorted(set(data) - set(allowed))
    if unknown:
        raise ControlError(f"a {platform} account has no field {unknown[0]!r}")
    missing = [name for name in required if name not in data and not partial]
    if missing:
        raise ControlError(f"a {platform} account needs {missing[0]!r}")
    return {name: _field(name, value) for name, value in data.items()}


def _field(name: str, value: Any) -> Any:
    if name in _FLAGS:
        good = isinstance(value, bool)
    elif name in _MOMENTS:
        return None if value is None else parse_moment(value).timestamp()
    elif name == "followers":
        good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    elif name == "safe_domains":
        good = isinstance(value, list) and all(isinstance(d, str) for d in value)
    elif name == "kind":
        good = value in ("subscription", "service")
    elif name == "protection":
        good = value in ("", "confirm", "refuse", "silent")
    else:
        good = isinstance(value, str)
    if not good:
        raise ControlError(f"{name} cannot be {value!r}")
    return value
