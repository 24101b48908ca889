"""The outside world of a stage: the simulator, told over HTTP what people and platforms do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.domain.roster import Account, Roster

_PUBLIC_IP = "203.0.113.7"  # Weibo wants the officer's public address; this block is for examples
_FAR = datetime(2200, 1, 1, tzinfo=UTC)
# Platforms the simulator plays, and the account modes that use their API.
_API_MODES = {
    "website": {"wordpress"},
    "baijiahao": {"api"},
    "douyin": {"", "server", "handoff_h5"},
}
SIMULATED = frozenset({"wechat", "weibo", "douyin", "kuaishou", "bilibili", "baijiahao", "website"})


def settings(base_url: str) -> dict[str, dict[str, object]]:
    """[platforms.…] that lead to a simulator."""
    found: dict[str, dict[str, object]] = {
        name: {"base_url": f"{base_url}/{name}"} for name in sorted(SIMULATED)
    }
    found["website"] |= {"inside": True, "gap_s": 0.0}
    bilibili = found["bilibili"]["base_url"]
    found["bilibili"] |= {"upload_url": bilibili, "oauth_url": bilibili}
    return found


class Outside:
    """The simulator's control interface."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._url = base_url
        self._base = f"{base_url}/_sim"

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """One control call; raises RuntimeError with the simulator's words when it is refused."""
        url = f"{self._base}/{path}"
        async with self._session.request(method, url, json=body) as answer:
            data = await answer.json()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {data}")
        return data

    async def set_clock(self, now: datetime, *, back: bool = False) -> None:
        """Moves the platforms' time on, or with `back` to before today."""
        await self.call("POST", "clock", {"now": now.isoformat(), "force": back})

    async def register(self, roster: Roster) -> None:
        """Opens all simulated accounts."""
        accounts = [_registration(account, roster) for account in simulated(roster)]
        await self.call("POST", "accounts", {"accounts": accounts})

    async def fault(self, account: Account, facts: dict[str, Any]) -> str:
        """Sets a fault on an account; returns its id."""
        body = {"platform": account.platform, "account": account.id, **facts}
        return str((await self.call("POST", "faults", body))["id"])

    async def fired(self, fault: str) -> bool:
        """True once the fault has struck."""
        faults = (await self.call("GET", "faults"))["faults"]
        return any(one["id"] == fault and one["fired"] for one in faults)

    async def publish(
        self, account: Account, articles: Sequence[dict[str, str]], *, mass: bool, at: datetime
    ) -> None:
        """A person posts in the account's own console."""
        body: dict[str, Any] = {
            "platform": account.platform,
            "account": account.id,
            "at": at.isoformat(),
        }
        if account.platform == "wechat":
            body |= {"articles": list(articles), "kind": "mass" if mass else "publish"}
        else:
            body |= {"text": "\n".join(article["title"] for article in articles)}
        await self.call("POST", "console", body)

    async def public_posts(self) -> list[dict[str, Any]]:
        """The simulator's own record of what is public."""
        posts: list[dict[str, Any]] = (await self.call("GET", "posts?public=1"))["posts"]
        return [post | {"url": self._whole(post)} for post in posts]

    def _whole(self, post: Mapping[str, Any]) -> str:
        """A site does not know under which address it is reached."""
        url = str(post["url"])
        return f"{self._url}/{post['platform']}/{post['account']}{url}" if url[:1] == "/" else url


def simulated(roster: Roster) -> list[Account]:
    """Accounts whose platform the simulator plays, as the bot uses it."""
    return [
        account
        for account in roster.accounts.values()
        if account.platform in SIMULATED and account.mode in _API_MODES.get(account.platform, {""})
    ]


def _registration(account: Account, roster: Roster) -> dict[str, Any]:
    base = {"platform": account.platform, "account": account.id}
    secret = credential(account)
    if account.platform == "wechat":
        return {
            **base,
            **secret,
            "name": account.name,
            "kind": account.kind,
            "verified": True,
            "followers": 1000,
        }
    if account.platform == "weibo":
        hosts = {
            urlsplit(other.options["safe_link"]).hostname
            for other in roster.accounts.values()
            if "safe_link" in other.options
        }
        return {
            **base,
            "uid": secret["uid"],
            "access_token": secret["access_token"],
            "app_key": "1000000001",
            "screen_name": account.name,
            "safe_domains": sorted(host for host in hosts if host),
            "expires_at": secret["expires_at"],
        }
    names = {"nickname": account.name} if account.platform == "douyin" else {"name": account.name}
    return {**base, **secret, **names}


def credential(account: Account) -> dict[str, str]:
    """What the officer would have entered for this account."""
    number = sum(ord(letter) * 31**place for place, letter in enumerate(account.id)) % 10**9
    if account.platform == "wechat":
        return {"appid": f"wx{number:016d}", "secret": f"secret-of-{account.id}"}
    if account.platform == "weibo":
        return {
            "access_token": f"2.00{number:09d}",
            "uid": f"1{number:09d}",
            "expires_at": _FAR.isoformat(),
            "rip": _PUBLIC_IP,
        }
    tokens = {
        "access_token": f"act.{number:09d}",
        "refresh_token": f"rft.{number:09d}",
        "expires_at": _FAR.isoformat(),
    }
    if account.platform == "kuaishou":
        app = {"app_id": "demo-app", "app_secret": "demo-app-secret"}
        return {
            **app,
            **tokens,
            "open_id": f"f1{number:09d}",
            "refresh_expires_at": tokens["expires_at"],
        }
    if account.platform == "bilibili":
        app = {"client_id": "demo-client", "client_secret": "demo-client-secret"}
        return {**app, **tokens, "open_id": f"o{number:09d}"}
    if account.platform == "baijiahao":
        return {"app_id": f"16{number:09d}", "app_token": f"token-of-{account.id}"}
    if account.platform == "website":
        return {"user": "xuanchuan", "password": f"{number:04d} abcd EFGH"}
    app = {"client_key": "demo-client-key", "client_secret": "demo-client-secret"}
    open_id, end = f"_000{number:09d}", tokens["expires_at"]
    return {**app, **tokens, "open_id": open_id, "refresh_expires_at": end}
