"""The district the machine plays in: platforms over real HTTP, an office, and bots that die.

The platforms are the real simulator on a loop of their own, reached over loopback. A bot is the
real program (`open_app`) on a loop of its own; killing it leaves nothing behind but the ledger.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web
from sqlalchemy import event
from sqlalchemy.pool import Pool

from bot.app import App, open_app
from bot.clock import WallClock
from bot.domain.message import Message
from bot.domain.roster import Account, Roster
from bot.engine import plan as plans
from bot.engine.dispatch import tick
from bot.ledger import credentials
from bot.ledger.store import Ledger, open_ledger
from bot.ledger.tables import metadata
from bot.settings import Files, LedgerPart, Settings
from bot.settings import Office as OfficePart
from bot.simulator import serve
from bot.simulator.app import WORLD
from bot.stage import outside
from bot.stage.outside import Outside
from tests.bot.engine.world import (
    MEDIA,
    START,
    Data,
    article,
    key_item,
    roster,
    status,
    video,
)
from tests.property.stage import Loop, Stage

BODY = "流感季来了，及时接种疫苗，勤洗手。\n\n发热请就诊。\n"
NAME = re.compile(r"(?<![A-Za-z0-9/])([askv][0-9])(?![A-Za-z0-9])")
_MEDIA = ("cover-01.jpg", "video-01.mp4", "photo-01.jpg")
_PATIENCE_S = 0.02


class Died(Exception):
    """The bot died before its work was done."""


def calendar() -> dict[str, Data]:
    """What the office wants at first: every platform, both methods, a key item with reprints."""
    posts = [
        article("a1"),
        article("a2", accounts=["u02-wechat"], push=True, window="12h"),
        article("a3", at="2026-05-06 11:00"),
        status("s1"),
        status("s2", at="2026-05-06 10:30"),
        status("s3", accounts=["u02-weibo"], window="30m"),
        video("v1", at="2026-05-06 10:02"),
        key_item("k1", at="2026-05-06 10:05", key={"deadline": "T+24h", "spread": "10m"}),
    ]
    return {post["id"]: post for post in posts}


def members() -> Data:
    """The matrix: reprints by the bot, with a liaison's yes, and by hand."""
    return roster(
        u02_wechat={"reprint": "auto"},
        u02_weibo={"reprint": "auto"},
        u03_weibo={"reprint": "confirm"},
        u03_wechat={"kind": "service", "reprint": "auto", "push": True},
        u02_website={"reprint": "manual"},
    )


class Wrist(WallClock):
    """A bot's clock: the stage's time, and how far it goes wrong (seconds)."""

    def __init__(self, stage: Stage) -> None:
        self.wrong_s = 0.0
        super().__init__(
            wall=lambda: START + timedelta(seconds=stage.now_s + self.wrong_s),
            ticks_s=lambda: stage.now_s,
        )


class Bot:
    """One worker process after the other at one desk; each may die at any moment."""

    def __init__(self, stage: Stage, name: str, settings: Settings) -> None:
        self.stage = stage
        self.name = name
        self.clock = Wrist(stage)
        self.deaths = 0
        self._settings = settings
        self._loop: Loop | None = None
        self._app: App | None = None

    @property
    def loop(self) -> Loop | None:
        """The loop of the process that lives now."""
        return self._loop

    def _open(self) -> None:
        loop = self.stage.open_loop(self.name)
        loop.on_death = self._gone
        self._loop = loop

        async def live() -> None:
            async with open_app(self._settings, clock=self.clock) as app:
                self._app = app
                await loop.create_future()

        loop.life = life = loop.create_task(live())
        self.stage.play(lambda: self._app is not None or life.done() or loop.dead)
        if self._app is None and not loop.dead:
            life.result()

    def _gone(self) -> None:
        self.deaths += 1
        self._loop = self._app = None

    def app(self) -> App:
        """The running program, started if it is not; Died when it dies while it starts."""
        if self._app is None:
            self._open()
        if self._app is None:
            raise Died
        return self._app

    def begin(self, work: Callable[[App], Coroutine[Any, Any, None]]) -> None:
        """Starts some work and does not wait for it."""
        app = self.app()
        assert self._loop is not None
        self._loop.create_task(work(app))

    def do(self, work: Callable[[App], Coroutine[Any, Any, Any]], *, wait_s: float = 600) -> Any:
        """What the work comes to while everybody else goes on too; Died if the bot dies in it."""
        app, loop = self.app(), self._loop
        assert loop is not None
        loop.paused = False
        task = loop.create_task(work(app))
        self.stage.play(lambda: task.done() or loop.dead, wait_s=wait_s)
        if loop.dead:
            raise Died
        assert task.done(), f"{work} hangs: {task}"
        return task.result()

    def kill(self) -> None:
        """The power fails."""
        if self._loop is not None:
            self.stage.kill(self._loop)

    @property
    def busy(self) -> bool:
        """True while it works on messages."""
        return self._app is not None and self._app.local.busy


@dataclass
class Office:
    """The calendar as its people have it now, and its files."""

    folder: Path
    posts: dict[str, Data] = field(default_factory=calendar)
    roster: Data = field(default_factory=members)

    def write(self) -> None:
        """Brings the files up to date."""
        posts = {"timezone": "Asia/Shanghai", "posts": list(self.posts.values())}
        for name, data in (("roster.yaml", self.roster), ("2026-05.yaml", posts)):
            text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
            (self.folder / name).write_text(text, encoding="utf-8")

    def begin(self) -> None:
        """Makes the folder with everything the files refer to."""
        (self.folder / "media").mkdir(parents=True)
        (self.folder / "posts").mkdir()
        for name in _MEDIA:
            shutil.copy(MEDIA / name, self.folder / "media" / name)
        for post in self.posts.values():
            if "body" in post:
                (self.folder / post["body"]).write_text(BODY, encoding="utf-8")
        self.write()


class Platforms:
    """The simulator on its own loop, and its control interface."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.loop = stage.open_loop("platforms", waits=False)
        self._runner, port = stage.finish(self.loop, serve("127.0.0.1", 0))
        self._session = stage.finish(self.loop, self._open())
        self.base_url = f"http://127.0.0.1:{port}"
        self.outside = Outside(self._session, self.base_url)

    async def _open(self) -> aiohttp.ClientSession:
        # A kept connection may end at the very moment in which time jumps.
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One control call."""
        return self.stage.finish(self.loop, self.outside.call(method, path, body))

    def register(self, members: Roster) -> None:
        """Opens accounts, or gives known ones their first credentials back."""
        self.stage.finish(self.loop, self.outside.register(members))

    def tell_time(self) -> None:
        """Brings the platforms' clock to the stage's time; a call for each moment costs a fifth."""
        now = START + timedelta(seconds=self.stage.now_s)
        self._runner.app[WORLD].core.clock.set(now, force=True)

    def posts(self) -> list[Data]:
        """The simulator's own record of every post, public or not."""
        found: list[Data] = self.ask("GET", "posts")["posts"]
        return found

    def end(self) -> None:
        """Ends the server in good order."""
        self.stage.finish(self.loop, self._session.close())
        self.stage.finish(self.loop, _clean_up(self._runner))
        self.stage.close()


async def _clean_up(runner: web.AppRunner) -> None:
    await runner.cleanup()


class PostBox:
    """A queue that keeps its messages until the machine says what becomes of them."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def put(self, message: Message) -> None:
        self.messages.append(message)


class District:
    """Everything together; `begin` makes it new for another example."""

    def __init__(self, folder: Path, ledger_url: str = "") -> None:
        self._folder = folder
        self._ledger_url = ledger_url
        self._number = 0
        self.stage = Stage(patience_s=_PATIENCE_S if ledger_url else 0.0)
        event.listen(Pool, "connect", self._connected)
        self.platforms = Platforms(self.stage)
        self.post_box = PostBox()
        self.bots: list[Bot] = []
        self.office: Office
        self.ledger: Ledger
        self._roster: Roster
        self._accounts: list[Account] = []
        self._make_template()

    def _connected(self, connection: Any, _record: object) -> None:
        loop = self.stage.current
        if loop is not None and loop.waits:
            loop.connections.append(connection)

    def _make_template(self) -> None:
        template = self._folder / "template"
        self._begin(template)
        bot = Bot(self.stage, "first", self._settings(template))
        self._roster = bot.do(_roster)
        self._accounts = outside.simulated(self._roster)
        self._register()
        self.office.write()
        bot.do(lambda app: plans.apply(app.core, app.read()))
        bot.do(lambda app: _enter_credentials(app, self._accounts))
        bot.kill()
        if not self._ledger_url:
            # A fresh look closes the write-ahead log that the dead bot left.
            keep = self.stage.finish(self.platforms.loop, open_ledger(self._url(template)))
            self.stage.finish(self.platforms.loop, keep.close())

    def _begin(self, folder: Path) -> None:
        self.stage.now_s = 0.0
        self.platforms.ask("POST", "reset")
        self.platforms.tell_time()
        self.stage.on_time = self.platforms.tell_time
        self.post_box.messages.clear()
        self.office = Office(folder / "schedules")
        self.office.begin()

    def _url(self, folder: Path) -> str:
        return self._ledger_url or f"sqlite:///{folder / 'ledger.sqlite3'}"

    def _settings(self, folder: Path) -> Settings:
        base_url = self.platforms.base_url
        return Settings(
            office=OfficePart(schedules=folder / "schedules"),
            ledger=LedgerPart(url=self._url(folder)),
            files=Files(handoff=folder / "handoff", key=self._folder / "secret.key"),
            platforms={
                name: {"base_url": f"{base_url}/{name}", "timeout_s": 5.0, "read_wait_s": 0.0}
                for name in sorted(outside.SIMULATED)
            },
        )

    def _register(self, *ids: str) -> None:
        chosen = [one for one in self._accounts if not ids or one.id in ids]
        some = replace(self._roster, accounts={one.id: one for one in chosen})
        self.platforms.register(some)

    # ── an example ────────────────────────────────────────────────────────────────────────────

    def begin(self, bots: int = 2) -> None:
        """A new ledger with the plan in it, new platforms, and bots that have not started."""
        self._number += 1
        folder = self._folder / f"play-{self._number}"
        self._begin(folder)
        self._register()
        if self._ledger_url:
            self.stage.finish(self.platforms.loop, _wipe(self._url(folder)))
        else:
            shutil.copy(self._folder / "template" / "ledger.sqlite3", folder / "ledger.sqlite3")
        self.ledger = self.stage.finish(self.platforms.loop, open_ledger(self._url(folder)))
        settings = self._settings(folder)
        self.bots = [Bot(self.stage, f"bot-{number}", settings) for number in range(bots)]
        if self._ledger_url:
            self.bots[0].do(lambda app: plans.apply(app.core, app.read()))
            self.bots[0].do(lambda app: _enter_credentials(app, self._accounts))

    def end(self) -> None:
        """Ends the example and forgets it."""
        for bot in self.bots:
            bot.kill()
        self.bots = []
        self.stage.finish(self.platforms.loop, self.ledger.close())
        shutil.rmtree(self._folder / f"play-{self._number}")

    def close(self) -> None:
        """Ends the platforms too."""
        self.platforms.end()
        event.remove(Pool, "connect", self._connected)

    # ── what happens in it ────────────────────────────────────────────────────────────────────

    def account(self, name: str) -> Account:
        """A simulated account by its id."""
        return next(account for account in self._accounts if account.id == name)

    @property
    def accounts(self) -> list[str]:
        """The simulated accounts' ids."""
        return [account.id for account in self._accounts]

    def tick(self, bot: Bot) -> None:
        """One round of the engine; its messages go to `post_box`, whatever becomes of the bot."""

        async def round_(app: App) -> None:
            await tick(app.core, self.post_box)

        bot.do(round_)

    def settle_down(self, wait_s: float = 900) -> None:
        """Lets all bots finish what they have begun."""
        self.stage.play(lambda: not any(bot.busy for bot in self.bots), wait_s=wait_s)

    def authorise(self, bot: Bot, *names: str) -> None:
        """The administrators authorise these accounts anew."""
        chosen = [self.account(name) for name in names]
        for one in chosen:
            body = {"platform": one.platform, "account": one.id, "dead": False}
            self.platforms.ask("POST", "tokens/expire", body)
        self._register(*names)
        bot.do(lambda app: _enter_credentials(app, chosen))


async def _roster(app: App) -> Roster:
    return app.read().roster


async def _enter_credentials(app: App, accounts: Sequence[Account]) -> None:
    async with app.core.ledger.write() as conn:
        for account in accounts:
            sealed = app.vault.seal(outside.credential(account))
            await credentials.store(
                conn, account.id, sealed, expires_at=None, now=app.core.clock.now()
            )


async def _wipe(url: str) -> None:
    ledger = await open_ledger(url)
    async with ledger.write() as conn:
        for table in reversed(metadata.sorted_tables):
            await conn.execute(table.delete())
    await ledger.close()
