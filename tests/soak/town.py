"""Everything the soak plays with: real servers, the office's desk, the platforms, the fleet."""

from __future__ import annotations

import asyncio
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import aiohttp
import asyncpg  # type: ignore[import-untyped]
from redis.exceptions import RedisError

from bot.app import App, open_app
from bot.domain.problem import Severity
from bot.domain.roster import Account
from bot.engine import people
from bot.engine import plan as plans
from bot.engine.health import LEDGER_GONE
from bot.errors import UsageError
from bot.ledger import credentials, roster
from bot.settings import Settings
from bot.stage import outside
from bot.stage.outside import Outside
from tests.pairs import Servers
from tests.services import postgres_server, redis_server
from tests.soak.office import Office
from tests.soak.workers import Fleet, simulator, zygote

LEASE_S = 4
CLOSED = (*LEDGER_GONE, RedisError, asyncpg.PostgresError, asyncpg.InterfaceError)
_MANY = 1_000_000
# Thousands of posts in minutes exceed what platforms allow; quotas have tests of their own.
_SIMULATOR = {
    "review_s": {"wechat": 2.0, "douyin": 3.0},
    "douyin_list": True,
    "limits": {
        "wechat": {"push": _MANY}
        | {
            f"/cgi-bin/{path}": _MANY
            for path in (
                *("stable_token", "draft/add", "draft/delete", "draft/batchget"),
                *("freepublish/submit", "freepublish/get", "freepublish/batchget"),
                *("material/add_material", "media/uploadimg", "message/mass/sendall"),
                *("message/mass/get", "draft/get", "draft/update", "freepublish/getarticle"),
            )
        },
        "weibo": {"push": _MANY, "calls": _MANY, "ip": _MANY},
    },
}
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How the town is set up."""

    lease_s: int = LEASE_S
    timeout_s: float = 1.5  # longest wait for a platform's answer
    ahead_min: int = 1  # how far ahead the office plans


def settings_text(
    folder: Path, base_url: str, ledger_url: str, redis_url: str, manner: Manner
) -> str:
    """The settings file of harness and workers alike."""
    quotas = {
        "wechat": ("publish_day", "push_day", "push_month", "read_day"),
        "weibo": ("publish_hour", "publish_day", "read_day"),
        "douyin": (),
    }
    more = {"douyin": "video_list = true\npoll_s = 5\nupload_timeout_s = 3.0\n"}
    parts = [
        f'[office]\nschedules = "{folder / "schedules"}"\n',
        f'[ledger]\nurl = "{ledger_url}"\n',
        f'[queue]\nredis_url = "{redis_url}"\npoll_s = 0.1\n',
        f'[files]\nhandoff = "{folder / "handoff"}"\nkey = "{folder / "secret.key"}"\n',
        f"[engine]\nlease_s = {manner.lease_s}\n",
        "[tokens]\nlease_s = 10\nremember_s = 0\n",
        '[web]\nlisten = ""\n',
    ]
    for name, kept in quotas.items():
        parts.append(f'[platforms.{name}]\nbase_url = "{base_url}/{name}"\n')
        parts.append(f"timeout_s = {manner.timeout_s}\nread_wait_s = 0.05\n{more.get(name, '')}")
        parts.append(f"[platforms.{name}.quotas]\n")
        parts.extend(f"{quota} = {_MANY}\n" for quota in kept)
    return "\n".join(parts)


@dataclass
class Tally:
    """What happened, by plain names."""

    injected: Counter[str] = field(default_factory=Counter)  # faults that struck
    people: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


@dataclass
class Town:
    """The running soak."""

    folder: Path
    seed: int
    servers: Servers | None  # None: SQLite and no queue between machines
    app: App
    outside: Outside
    office: Office
    fleet: Fleet
    accounts: list[Account]
    tally: Tally = field(default_factory=Tally)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def random(self, topic: str) -> Random:
        """A generator of its own for each kind of trouble, so that none depends on timing."""
        return Random(f"{self.seed}:{topic}")

    async def persist(self, work: Callable[[], Awaitable[T]], patience_s: float = 30.0) -> T:
        """What `work` comes to once the ledger is there; it is tried again until then."""
        loop = asyncio.get_running_loop()
        end = loop.time() + patience_s
        while True:
            try:
                return await work()
            except UsageError:
                raise
            except CLOSED:
                self.tally.people["met a closed ledger"] += 1
                if loop.time() > end:
                    raise
                await asyncio.sleep(0.3)

    async def plan(self) -> None:
        """Takes the calendar over as it is in the files now."""
        reading = await asyncio.to_thread(self.app.read)
        made = await self.persist(lambda: plans.apply(self.app.core, reading))
        errors = [one for one in made.problems if one.severity is Severity.ERROR]
        assert not errors, f"the soak's calendar is wrong: {errors[:3]}"
        if made.overtaken:
            self.tally.people["changes a worker was faster than"] += made.overtaken

    async def authorise(self, *accounts: Account) -> None:
        """The administrators authorise these accounts anew and let them go on."""
        for account in accounts:
            body = {"platform": account.platform, "account": account.id, "dead": False}
            await self.outside.call("POST", "tokens/expire", body)
        await self._register(accounts)
        await self.persist(lambda: self._enter(accounts))
        for account in accounts:
            await self.persist(partial(people.resume, self.app.core, account.id))

    async def _register(self, accounts: tuple[Account, ...]) -> None:
        whole = self.app.read().roster
        chosen = {account.id: account for account in accounts}
        await self.outside.register(type(whole)(**{**_fields(whole), "accounts": chosen}))

    async def _enter(self, accounts: tuple[Account, ...]) -> None:
        now = self.app.core.clock.now()
        async with self.app.core.ledger.write() as conn:
            for account in accounts:
                sealed = self.app.vault.seal(outside.credential(account))
                await credentials.store(conn, account.id, sealed, expires_at=None, now=now)

    async def paused(self) -> list[Account]:
        """Accounts that need a person."""
        async with self.app.core.ledger.read() as conn:
            health = await roster.health(conn)
        return [one for one in self.accounts if one.id in health and health[one.id].paused]


def _fields(whole: Any) -> dict[str, Any]:
    return {name: getattr(whole, name) for name in whole.__dataclass_fields__}


@asynccontextmanager
async def open_town(
    folder: Path,
    seed: int,
    manner: Manner,
    *,
    ledger: str = "postgres",
    servers: Servers | None = None,
) -> AsyncIterator[Town]:
    """A town at the start: accounts open, credentials entered, no post planned, no worker yet."""
    async with AsyncExitStack() as stack:
        if ledger == "postgres" and servers is None:
            postgres = stack.enter_context(postgres_server())
            servers = Servers(postgres=postgres, redis=stack.enter_context(redis_server()))
        url, redis = f"sqlite:///{folder / 'ledger.sqlite3'}", ""
        if servers is not None:
            pair = servers.pair(f"soak_{seed}")
            url, redis = pair.ledger_url, pair.redis_url
        base_url = await stack.enter_async_context(simulator())
        file = folder / "settings.toml"
        text = settings_text(folder, base_url, url, redis, manner)
        file.write_text(text, encoding="utf-8")
        settings = Settings(**tomllib.loads(text))
        office = Office(folder / "schedules", Random(f"{seed}:office"), manner.ahead_min)
        office.begin()
        app = await stack.enter_async_context(open_app(settings))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        control = Outside(session, base_url)
        args = ["worker"] if servers is not None else ["run"]
        env = {"BOT_SETTINGS": str(file), "PYTHONPATH": str(Path(__file__).parents[2])}
        fleet = Fleet(await stack.enter_async_context(zygote()), args, env, folder)
        stack.push_async_callback(fleet.kill_all)
        accounts = outside.simulated(app.read().roster)
        town = Town(folder, seed, servers, app, control, office, fleet, accounts)
        await control.call("POST", "settings", _SIMULATOR)
        await control.register(app.read().roster)
        await town.plan()
        await town.authorise(*accounts)
        yield town
