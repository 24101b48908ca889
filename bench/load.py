"""The load all contestants share: the same accounts, the same posts, the same request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.simulator import Simulator
from bot.app import App
from bot.ledger import credentials
from bot.settings import Settings

NOON = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)
ACCOUNTS = 50
POSTS = 20  # per account: below the 30 an hour that Weibo allows
CONCURRENCY = 64  # calls under way at once, the bot's default
SHARE = "/2/statuses/share.json"
_LINK = "https://jk.lanting.example/"
_RIP = "203.0.113.7"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One burst; CPU seconds are those of the platform's side."""

    posts: int
    seconds: float
    platform_cpu_s: float = 0.0

    @property
    def speed(self) -> float:
        """Posts per second."""
        return self.posts / self.seconds

    @property
    def platform_share(self) -> float:
        """How much of the time the platform's side was busy, 1 is all of it."""
        return self.platform_cpu_s / self.seconds


def token_of(number: int) -> str:
    """The access token of one account."""
    return f"2.00bench{number:04d}"


def text_of(post: int) -> str:
    """The text of one post; all differ, because Weibo refuses equal ones."""
    return f"第{post:03d}号健康提示：勤洗手、常通风，出门记得戴口罩，不适及时就医。"


def form_of(post: int) -> dict[str, str]:
    """The body of the request, exactly what the adapter sends."""
    return {"status": f"{text_of(post)} {_LINK}", "rip": _RIP}


def headers_of(number: int) -> dict[str, str]:
    """The headers of the request, exactly what the adapter sends."""
    return {"Authorization": f"OAuth2 {token_of(number)}"}


async def prepare(simulator: Simulator, *, now: datetime | None = NOON) -> None:
    """Opens the accounts on an empty simulator that stands at `now`, or follows the wall clock."""
    await simulator.call("POST", "reset", {})
    clock: dict[str, Any] = {"real": True}
    if now is not None:
        clock = {"now": now.isoformat(), "force": True}
    await simulator.call("POST", "clock", clock)
    accounts = [
        {
            "platform": "weibo",
            "app_key": "1",
            "screen_name": f"单位{number}",
            "safe_domains": ["jk.lanting.example"],
            "expires_at": None,
            "account": _account(number),
            "uid": _uid(number),
            "access_token": token_of(number),
        }
        for number in range(ACCOUNTS)
    ]
    await simulator.call("POST", "accounts", {"accounts": accounts})


def _account(number: int) -> str:
    return f"a{number:02d}-weibo"


def _uid(number: int) -> str:
    return f"10{number:08d}"


def write_schedules(folder: Path, *, posts: int = POSTS, at: datetime = NOON) -> None:
    """A calendar of that many posts, each on all accounts and all due at once."""
    folder.mkdir()
    units = [
        f"""  - id: u{number:02d}
    name: 单位{number}
    short: 单位{number}
    accounts:
      - id: {_account(number)}
        platform: weibo
        name: 单位{number}
        verified_name: 单位{number}
        filing: 备{number}
        flagship: {"true" if number == 0 else "false"}
        options: {{safe_link: "{_LINK}"}}"""
        for number in range(ACCOUNTS)
    ]
    (folder / "roster.yaml").write_text("matrix: 测速\nunits:\n" + "\n".join(units), "utf-8")
    names = ", ".join(_account(number) for number in range(ACCOUNTS))
    entries = [
        f"""  - id: post-{post:02d}
    at: {at:%Y-%m-%d %H:%M}
    title: 健康提示{post}
    accounts: [{names}]
    text: {text_of(post)}"""
        for post in range(posts)
    ]
    (folder / "may.yaml").write_text("timezone: UTC\nposts:\n" + "\n".join(entries), "utf-8")


def settings_of(folder: Path, url: str, *, ledger: str = "", redis: str = "") -> Settings:
    """Settings that name the folder's files and the simulator; SQLite if no `ledger` is given."""
    ledger = ledger or f"sqlite:///{(folder / 'ledger.sqlite3').as_posix()}"
    parts: dict[str, Any] = {
        "office": {"schedules": folder / "schedules"},
        "ledger": {"url": ledger},
        "queue": {"redis_url": redis},
        "files": {"handoff": folder / "handoff", "key": folder / "secret.key"},
        "platforms": {"weibo": {"base_url": f"{url}/weibo"}},
    }
    return Settings(**parts)


def environment_of(folder: Path, settings: Settings) -> Mapping[str, str]:
    """The same settings as variables, for `bot` as a process of its own."""
    return {
        "BOT_SETTINGS": str(folder / "none.toml"),
        "BOT_OFFICE__SCHEDULES": str(settings.office.schedules),
        "BOT_LEDGER__URL": settings.ledger.url,
        "BOT_QUEUE__REDIS_URL": settings.queue.redis_url,
        "BOT_FILES__HANDOFF": str(settings.files.handoff),
        "BOT_FILES__KEY": str(settings.files.key),
        "BOT_WEB__LISTEN": "",  # two of them would want the same port
        "BOT_PLATFORMS__WEIBO__BASE_URL": str(settings.platforms["weibo"]["base_url"]),
    }


async def authorise(app: App) -> None:
    """Gives every account its credential."""
    async with app.core.ledger.write() as conn:
        for number in range(ACCOUNTS):
            secret = {
                "access_token": token_of(number),
                "uid": _uid(number),
                "expires_at": "2031-01-01T00:00:00+00:00",
                "rip": _RIP,
            }
            await credentials.store(
                conn, _account(number), app.vault.seal(secret), expires_at=None, now=NOON
            )
