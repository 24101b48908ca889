"""A running platform with one account on it, and the hands to make things go wrong there."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from PIL import Image

from adapters.registry import make
from bot.clock import VirtualClock
from bot.contract import Adapter, Checkpoint, Pending, Receipt, Tools
from bot.domain.post import Media, Variant
from bot.domain.roster import Account
from bot.errors import AuthFailed
from bot.simulator import create_app

START = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)  # 10:00 in Beijing

MAX_STEPS = 60  # no prepare needs more; one that does never ends
MAX_LOOKS = 40


class Stage(ABC):
    """What the inherited suite needs of a platform; one per test.

    `commit_path` is the part of the URL path only the publishing call has, so that a fault can
    strike it alone. `listed_after` is how long `recent` may take to show what is public.
    """

    adapter: Adapter
    account: Account
    variant: Variant
    clock: VirtualClock
    commit_path: str
    listed_after: timedelta = timedelta(0)
    key: str = "0123456789abcdef01234567"

    @abstractmethod
    async def public_posts(self) -> int:
        """How many posts of the account anybody can see now."""

    @abstractmethod
    async def fault(self, kind: str, *, path: str = "", **more: object) -> None:
        """Sets a fault by the simulator's name for it; it strikes once unless `times` is given."""

    @abstractmethod
    async def forward(self, span: timedelta) -> None:
        """Moves the clocks of the platform and of the adapter on."""

    @abstractmethod
    async def expire_token(self) -> None:
        """Makes the platform refuse the access token in use; a refresh helps if there is one."""

    @abstractmethod
    async def unplug(self) -> None:
        """Takes the platform away: connections are refused from now on."""

    async def prepared(self, variant: Variant | None = None) -> Checkpoint:
        """The checkpoint `prepare` ends with."""
        return (await self.checkpoints(variant))[-1]

    async def checkpoints(self, variant: Variant | None = None) -> list[Checkpoint]:
        """Every checkpoint on the way, the empty one first."""
        seen = [Checkpoint()]
        while not seen[-1].ready:
            assert len(seen) < MAX_STEPS, "prepare never becomes ready"
            seen.append(await self.adapter.prepare(variant or self.variant, seen[-1]))
        return seen

    def granted(self, done: Checkpoint) -> Checkpoint:
        """The checkpoint as the engine hands it on once it has granted the commit."""
        return replace(done, data={**done.data, "committed_at": self.clock.now().isoformat()})

    async def commit(self, done: Checkpoint) -> Receipt | Pending:
        """Calls `commit` as the engine would."""
        return await self.adapter.commit(self.variant, done, key=self.key)

    async def look(
        self, done: Checkpoint, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """Calls `find` as the engine would."""
        return await self.adapter.find(self.variant, done, key=self.key, pending=pending)

    async def settled(
        self, done: Checkpoint, outcome: Receipt | Pending | None
    ) -> Receipt | Pending | None:
        """What `outcome` comes to once the platform has stopped reviewing."""
        for _ in range(MAX_LOOKS):
            if not isinstance(outcome, Pending):
                return outcome
            await self.forward(timedelta(seconds=outcome.poll_s))
            outcome = await self.look(done, outcome)
        return outcome

    async def published(self) -> tuple[Checkpoint, Receipt]:
        """Publishes the variant without any fault; the checkpoint and the receipt."""
        done = self.granted(await self.prepared())
        receipt = await self.settled(done, await self.commit(done))
        assert isinstance(receipt, Receipt)
        return done, receipt


class MemoryCredentials:
    """An account's secrets, kept in memory; counts how often they were replaced."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        self.expires_at: datetime | None = None
        self.stores = 0
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def exclusively(self) -> AsyncIterator[Mapping[str, str]]:
        async with self._lock:
            yield await self.load()

    async def load(self) -> Mapping[str, str]:
        if not self.fields:
            raise AuthFailed("no credentials", platform="test", action="load")
        return dict(self.fields)

    async def store(self, fields: Mapping[str, str], *, expires_at: datetime | None) -> None:
        self.fields, self.expires_at = dict(fields), expires_at
        self.stores += 1


class Folder:
    """The office's media files in a folder of the test."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, media: Media) -> Path:
        return self.root / media.path

    def picture(self, name: str, *, width: int = 64, height: int = 48, noise: int = 0) -> Media:
        """A picture file; `noise` above 0 makes it large and unlike others."""
        image = Image.new("RGB", (width, height), (20, 120, 100))
        if noise:
            image = Image.effect_noise((width, height), noise).convert("RGB")
        kind = "PNG" if name.endswith(".png") else "JPEG"
        buffer = io.BytesIO()
        image.save(buffer, kind)
        media = self.file(name, buffer.getvalue(), f"image/{kind.lower()}")
        return replace(media, width=width, height=height)

    def file(self, name: str, data: bytes, mime: str) -> Media:
        """A file with these bytes."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        return Media(path=name, sha256=digest, size=len(data), mime=mime)


class SimulatedStage(Stage):
    """A stage on the simulator, over real HTTP on loopback.

    A platform's own stage gives `platform`, sets account, variant and `commit_path`, and calls
    `open` with what the simulator must know of the account.
    """

    platform: str

    def __init__(self, root: Path) -> None:
        self.folder = Folder(root)
        self.out_dir = root / "out"
        self.clock = VirtualClock(START)
        self.credentials = MemoryCredentials({})
        self.office: MemoryCredentials | None = None  # the office's own at the platform

    async def open(
        self, registration: Mapping[str, object], credentials: Mapping[str, str]
    ) -> None:
        """Starts the simulator, registers the account there, and makes the adapter."""
        self._runner = web.AppRunner(create_app(start=START), access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.session = aiohttp.ClientSession()
        known = {"platform": self.platform, "account": self.account.id, **registration}
        await self.control("POST", "accounts", {"accounts": [known]})
        self.credentials = MemoryCredentials(credentials)
        self.adapter = self.another_adapter()

    def another_adapter(self, **settings: object) -> Adapter:
        """An adapter of the same account, as a second worker would make it."""
        return make(self.account, self.tools(), self.settings() | settings)

    def tools(self) -> Tools:
        """What the engine hands an adapter of the account."""
        return Tools(
            session=self.session,
            clock=self.clock,
            media=self.folder,
            credentials=self.credentials,
            out_dir=self.out_dir,
            app=self.office,
        )

    def settings(self) -> dict[str, object]:
        """Where the platform is, and no long waits."""
        return {"base_url": f"{self.url}/{self.platform}", "timeout_s": 5.0, "read_wait_s": 0.0}

    async def close(self) -> None:
        """Stops everything."""
        await self.session.close()
        await self._runner.cleanup()

    async def control(self, method: str, path: str, data: object = None) -> dict[str, Any]:
        """A call of the simulator's control API; fails the test when it is refused."""
        body = None if data is None else json.dumps(data).encode()
        async with self.session.request(method, f"{self.url}/_sim/{path}", data=body) as answer:
            told: dict[str, Any] = await answer.json()
        assert answer.status == 200, told
        return told

    async def posts(self) -> list[dict[str, Any]]:
        """The simulator's own record of what the public sees of the account."""
        query = f"posts?platform={self.platform}&account={self.account.id}&public=1"
        posts: list[dict[str, Any]] = (await self.control("GET", query))["posts"]
        return posts

    async def public_posts(self) -> int:
        return len(await self.posts())

    async def requests(self, path: str) -> int:
        """How many calls to paths that end so came in."""
        by_path: dict[str, int] = (await self.control("GET", "requests"))["by_path"]
        return sum(count for known, count in by_path.items() if known.endswith(path))

    async def fault(self, kind: str, *, path: str = "", **more: object) -> None:
        data = {"platform": self.platform, "kind": kind, "path": path, **more}
        await self.control("POST", "faults", data)

    async def forward(self, span: timedelta) -> None:
        self.clock.set(self.clock.now() + span)
        await self.control("POST", "clock", {"now": self.clock.now().isoformat()})

    async def expire_token(self) -> None:
        known = {"platform": self.platform, "account": self.account.id}
        await self.control("POST", "tokens/expire", known)

    async def unplug(self) -> None:
        await self._runner.cleanup()
        # A kept connection may not know yet that its other end is gone; ask until it does.
        while await self._answers():
            pass

    async def _answers(self) -> bool:
        try:
            async with self.session.get(f"{self.url}/_sim/clock"):
                return True
        except aiohttp.ClientConnectorError:
            return False
        except aiohttp.ClientError:
            return True
