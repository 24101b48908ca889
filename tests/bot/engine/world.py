"""A small district: three units, a simulator over real HTTP, and a bot whose time we move."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import yaml
from arq.connections import ArqRedis

from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.domain.message import Message
from bot.domain.problem import Severity
from bot.domain.publication import Publication, Role, State, owed_by
from bot.engine import people, service
from bot.engine import plan as plans
from bot.engine.plan import Plan
from bot.ledger import credentials, publications
from bot.queue.remote import RemoteWorker
from bot.settings import (
    Files,
    LedgerPart,
    NotifyPart,
    Office,
    QueuePart,
    Reprinting,
    ReviewPart,
    Settings,
    Web,
)
from bot.simulator import serve
from bot.stage import outside
from bot.stage.outside import Outside
from tests.pairs import Pair, local_pair

START = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)  # 09:00 in Beijing
TEN = START + timedelta(hours=1)  # when most posts are due
MEDIA = Path(__file__).parents[3] / "schedules" / "media"
BODY = "流感季来了，及时接种疫苗，勤洗手。\n\n![洗手](media/photo-01.jpg)\n\n发热请就诊。\n"
_FAR = timedelta(days=4)  # longer than anything the bot waits for by itself

Data = dict[str, Any]


def account(unit: str, platform: str, **more: Any) -> Data:
    """One account as the roster file has it; fit to publish unless `more` says otherwise."""
    base: Data = {
        "id": f"{unit}-{platform}",
        "platform": platform,
        "name": f"健康{unit}",
        "verified_name": NAMES[unit],
        "filing": f"澜网备2019-{unit}",
    }
    if platform == "wechat":
        base["kind"] = "subscription"
    if platform == "weibo":
        base["options"] = {"safe_link": f"https://{unit}.lanting.example/"}
    return base | more


NAMES = {
    "u01": "澜汀区卫生健康委员会",
    "u02": "澜汀区第一人民医院",
    "u03": "澜汀区梨溪社区卫生服务中心",
}


def roster(**changes: Data) -> Data:
    """The matrix of three units; `changes` are per account, "-" in its id written as "_"."""
    units = {
        "u01": [
            account("u01", "wechat", flagship=True),
            account("u01", "weibo", flagship=True),
            account("u01", "douyin"),
            account("u01", "website"),
        ],
        "u02": [account("u02", "wechat"), account("u02", "weibo"), account("u02", "website")],
        "u03": [account("u03", "wechat"), account("u03", "weibo")],
    }
    for name, change in changes.items():
        for entry in units[name[:3]]:
            if entry["id"] == name.replace("_", "-"):
                entry.update(change)
    return {
        "matrix": "澜汀区卫生健康新媒体矩阵",
        "units": [
            {"id": unit, "name": NAMES[unit], "short": unit, "accounts": accounts}
            for unit, accounts in units.items()
        ],
    }


def article(name: str = "p1", at: str = "2026-05-06 10:00", **more: Any) -> Data:
    """A WeChat article with a cover and a picture in its text."""
    return {
        "id": name,
        "at": at,
        "title": f"流感季防护提示{name}",
        "accounts": ["u01-wechat"],
        "topic": "notice",
        "body": f"posts/{name}.md",
        "digest": "流感季怎样防护",
        "cover": "media/cover-01.jpg",
        "author": "区疾控中心",
    } | more


def status(name: str = "p1", at: str = "2026-05-06 10:00", **more: Any) -> Data:
    """A Weibo post."""
    return {
        "id": name,
        "at": at,
        "title": f"勤洗手{name}",
        "accounts": ["u01-weibo"],
        "topic": "notice",
        "text": f"【勤洗手】流感季来了，回家先洗手。第{name}号提示。",
    } | more


def video(name: str = "p1", at: str = "2026-05-06 10:00", **more: Any) -> Data:
    """A Douyin video."""
    return {
        "id": name,
        "at": at,
        "title": f"胸外按压{name}",
        "accounts": ["u01-douyin"],
        "topic": "video",
        "text": f"胸外按压这样做，第{name}号。",
        "video": "media/video-01.mp4",
        "cover": "media/photo-01.jpg",
    } | more


def key_item(name: str = "k1", **more: Any) -> Data:
    """A key item of the flagship: an article and a Weibo text."""
    data = article(
        name, accounts=["u01-wechat", "u01-weibo"], text=f"【重点】流感防护{name}，请看全文。"
    )
    return data | {"key": {"deadline": "T+24h", "spread": "2h"}} | more


class World:
    """The bot with its office folder and the platforms around it."""

    def __init__(
        self,
        folder: Path,
        base_url: str,
        session: aiohttp.ClientSession,
        pair: Pair | None = None,
    ) -> None:
        self.folder = folder
        self.pair = pair or local_pair(folder)
        self.schedules = folder / "schedules"
        self.base_url = base_url
        self.outside = Outside(session, base_url)
        self.reprints_per_hour = 0  # no cap; from the next start on
        self.platform_settings: dict[str, Data] = {}  # beside the addresses; from the next start on
        self.notify = NotifyPart()  # from the next start on, as is the next
        self.public_url = ""
        self.review = ReviewPart()
        self.platform_urls = {name: f"{base_url}/{name}" for name in sorted(outside.SIMULATED)}
        self.clock = VirtualClock(START)
        self.app: App
        self.queue: Delivering
        self._running: AsyncExitStack | None = None

    # ── the office ────────────────────────────────────────────────────────────────────────────

    def write_roster(self, data: Data) -> None:
        """Writes roster.yaml."""
        self._write("roster.yaml", yaml.safe_dump(data, allow_unicode=True))

    def write_calendar(self, *posts: Data, file: str = "2026-05.yaml") -> None:
        """Writes a calendar file and a body for every article that has none yet."""
        data = {"timezone": "Asia/Shanghai", "posts": list(posts)}
        self._write(file, yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
        for post in posts:
            if "body" in post and not (self.schedules / post["body"]).exists():
                self.write_body(post["id"], BODY)

    def write_body(self, name: str, text: str) -> None:
        """Writes the text of an article."""
        self._write(f"posts/{name}.md", text)

    def _write(self, name: str, text: str) -> None:
        path = self.schedules / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    async def plan(self, *posts: Data, faulty: bool = False) -> Plan:
        """Takes the calendar over, with these posts if any are given.

        Fails when there are errors in it, or with `faulty` when there are none.
        """
        if posts:
            self.write_calendar(*posts)
        made = await plans.apply(self.app.core, self.app.read())
        errors = [problem for problem in made.problems if problem.severity is Severity.ERROR]
        assert bool(errors) == faulty, errors
        return made

    # ── the bot ───────────────────────────────────────────────────────────────────────────────

    def settings(self) -> Settings:
        """Settings with everything in the test's folder and the platforms on loopback."""
        return Settings(
            office=Office(schedules=self.schedules),
            ledger=LedgerPart(url=self.pair.ledger_url),
            queue=QueuePart(redis_url=self.pair.redis_url, poll_s=0.02),
            reprinting=Reprinting(per_hour=self.reprints_per_hour),
            files=Files(handoff=self.folder / "handoff", key=self.folder / "secret.key"),
            notify=self.notify,
            review=self.review,
            web=Web(public_url=self.public_url),
            platforms={
                name: {"base_url": url, "timeout_s": 5.0, "read_wait_s": 0.0}
                | self.platform_settings.get(name, {})
                for name, url in self.platform_urls.items()
            },
        )

    async def start(self) -> None:
        """Starts the bot, or starts it again."""
        await self.stop()
        self._running = AsyncExitStack()
        self.app = await self._running.enter_async_context(
            open_app(self.settings(), clock=self.clock)
        )
        self.queue = self.app.local
        if self.app.redis is not None:
            self.queue = await self._running.enter_async_context(through_redis(self.app))

    async def stop(self) -> None:
        """Ends the bot in good order."""
        if self._running is not None:
            await self._running.aclose()
            self._running = None

    async def crash(self) -> None:
        """Drops whatever the bot is doing and starts it again on the same ledger."""
        await self.queue.abort()
        await self.start()

    async def second_bot(self, stack: AsyncExitStack) -> App:
        """Another process's bot on the same ledger, open until `stack` ends."""
        return await stack.enter_async_context(open_app(self.settings(), clock=self.clock))

    async def settle_in(self) -> None:
        """Opens all accounts outside and enters their credentials."""
        members = self.app.read().roster
        await self.outside.register(members)
        async with self.app.core.ledger.write() as conn:
            for member in outside.simulated(members):
                await credentials.store(
                    conn,
                    member.id,
                    self.app.vault.seal(outside.credential(member)),
                    expires_at=None,
                    now=START,
                )

    # ── time ──────────────────────────────────────────────────────────────────────────────────

    async def at(self, moment: datetime) -> None:
        """Moves all clocks to `moment` without letting the bot work."""
        self.clock.set(moment)
        await self.outside.set_clock(self.clock.now())

    async def run(self, until: datetime | None = None) -> None:
        """Lets the bot work off all that comes due until then, or until nothing more does."""
        end = until or self.clock.now() + _FAR
        while True:
            await service.run_due(self.app.core, self.queue)
            due = await service.next_due(self.app.core)
            if due is None or due > end:
                break
            await self.at(due)
        if until is not None:
            await self.at(until)

    # ── questions ─────────────────────────────────────────────────────────────────────────────

    async def pub(self, name: str) -> Publication:
        """The publication POST@ACCOUNT."""
        return await people.get(self.app.core, name)

    async def state(self, name: str) -> State:
        """Where the publication POST@ACCOUNT stands."""
        return (await self.pub(name)).state

    async def events(self, name: str) -> list[str]:
        """What happened to it, without the common beginning of the names."""
        return [event["name"].removeprefix("publication.") for event in await self.history(name)]

    async def history(self, name: str) -> list[Mapping[str, Any]]:
        """Its events, oldest first."""
        pub = await self.pub(name)
        async with self.app.core.ledger.read() as conn:
            return await publications.history(conn, pub.id)

    async def posts(self, account: str = "") -> list[Data]:
        """What the public sees, by the simulator's own record."""
        found = await self.outside.public_posts()
        return [post for post in found if account in ("", post["account"])]

    async def requests(self, path: str) -> int:
        """How many calls to paths with `path` in them the platforms got."""
        by_path: dict[str, int] = (await self.outside.call("GET", "requests"))["by_path"]
        return sum(count for known, count in by_path.items() if path in known)

    async def fault(self, account: str, kind: str, **more: Any) -> str:
        """Makes the next call of the account go wrong; returns the fault's id."""
        platform = account.partition("-")[2]
        facts = {"platform": platform, "account": account, "kind": kind, **more}
        return str((await self.outside.call("POST", "faults", facts))["id"])

    async def check_laws(self) -> None:
        """At most one public post per publication; each in one state, with its owner and events."""
        async with self.app.core.ledger.read() as conn:
            pubs = await publications.search(conn)
            taken_down = set()
            for pub in pubs:
                events = await publications.history(conn, pub.id)
                check_history(pub, events)
                if any(event["name"] == "publication.taken_down" for event in events):
                    taken_down.add(pub.id)
        posts = [post for post in await self.posts() if post["via"] == "api"]
        said = Counter((post["account"], post["title"], post["text"]) for post in posts)
        assert [post for post, count in said.items() if count > 1] == []
        shown = Counter((post["account"], post["url"]) for post in posts)
        sent = [pub for pub in pubs if pub.state is State.PUBLISHED and pub.commits]
        there = [pub for pub in sent if pub.id not in taken_down]
        kept = Counter((pub.account, pub.url) for pub in there if pub.url)
        assert kept - shown == Counter(), "the ledger says published, the platform shows nothing"


class Delivering(Protocol):
    """A queue whose messages are worked off within this test."""

    async def put(self, message: Message) -> None: ...

    async def join(self) -> None: ...

    async def abort(self) -> None: ...


class _ThroughRedis:
    """Redis with one worker behind it, which runs in this process but is `bot worker`'s own."""

    def __init__(self, app: App, redis: ArqRedis) -> None:
        self._app = app
        self._redis = redis
        self.worker = RemoteWorker(
            redis, app.handlers, lease_s=app.core.options.lease_s, messages=16, poll_s=0.01
        )

    async def put(self, message: Message) -> None:
        await self._app.queue.put(message)

    async def join(self) -> None:
        """Returns once the queue is empty; a message leaves it when it has been worked off."""
        while await self._redis.zcard(self._redis.default_queue_name):
            # Redis is asked again when what was taken is done: asking costs as much as the work.
            await asyncio.sleep(0.005)
            await self.worker.join()
        await self._app.local.join()

    async def abort(self) -> None:
        """Drops what is under way; what waits in Redis stays there, as it would."""
        await self.worker.abort()
        await self._app.local.abort()


@asynccontextmanager
async def through_redis(app: App) -> AsyncIterator[_ThroughRedis]:
    """The app's queue with a worker of its own."""
    assert app.redis is not None
    queue = _ThroughRedis(app, app.redis)
    stop = asyncio.Event()
    working = asyncio.create_task(queue.worker.run(stop))
    try:
        yield queue
    finally:
        stop.set()
        await working


class Holding:
    """A queue that delivers nothing by itself: the test says what becomes of each message."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def put(self, message: Message) -> None:
        self.messages.append(message)


def check_history(pub: Publication, events: list[Mapping[str, Any]]) -> None:
    """The events lead from one state to the next and end where the publication stands."""
    state = ""
    for event in events:
        assert event["from_state"] == state, (pub.post, pub.account, event)
        state = event["to_state"]
    assert state == pub.state.value
    nobody = owed_by(pub.state, pub.reason, pub.next_at) is Role.NOBODY
    assert nobody == (pub.state in {State.PUBLISHED, State.CANCELLED})
    granted = sum(event["name"] == "publication.granted" for event in events)
    assert granted >= pub.commits  # a call that surely did nothing is given back


@asynccontextmanager
async def open_world(
    folder: Path, members: Data | None = None, pair: Pair | None = None
) -> AsyncIterator[World]:
    """A world whose clock stands at `START`; the laws are checked when it ends well."""
    runner, port = await serve("127.0.0.1", 0)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        world = World(folder, f"http://127.0.0.1:{port}", session, pair)
        shutil.copytree(MEDIA, world.schedules / "media")
        world.write_roster(members or roster())
        stack.push_async_callback(world.stop)
        await world.start()
        await world.outside.set_clock(START, back=True)
        await world.settle_in()
        yield world
        await world.check_laws()
