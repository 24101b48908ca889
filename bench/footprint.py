"""What the bot takes: memory idle and in a burst, CPU while nothing is due, memory of an upload."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from adapters import registry
from bench import burst, load, process
from bench.figures import Figure, Outcome, median
from bench.process import MB
from bench.simulator import Simulator, running
from bot.app import open_app
from bot.clock import WallClock
from bot.contract import Checkpoint, Tools
from bot.domain.post import Kind, Media, Method, Variant
from bot.domain.roster import Account
from bot.engine import plan, service
from bot.wiring.media import MediaFolder
from tests.adapters.stage import MemoryCredentials

_IDLE_S = 60
_SETTLE_S = 15  # the first reading of calendar and accounts is no idling
_VIDEO_BYTES = 1024 * MB
_UPLOAD_MB = 100  # allowed growth: some parts of 20 MB, never the file


async def idle(simulator: Simulator) -> tuple[float, float]:
    """`bot run` with posts for tomorrow: its memory in MB, and CPU seconds an hour."""
    await load.prepare(simulator, now=None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        load.write_schedules(folder / "schedules", at=tomorrow)
        settings = load.settings_of(folder, simulator.url)
        async with open_app(settings) as app:
            await plan.apply(app.core, app.read())
            await load.authorise(app)
        env = load.environment_of(folder, settings)
        async with process.python("-m", "bot", "run", env=env) as bot:
            await asyncio.sleep(_SETTLE_S)
            before = process.cpu_s(bot.pid)
            await asyncio.sleep(_IDLE_S)
            used = process.cpu_s(bot.pid) - before
            return process.rss_mb(bot.pid), used * 3600 / _IDLE_S


async def in_burst(simulator: Simulator) -> tuple[float, float]:
    """Memory in MB with everything planned, and at most while it goes out."""
    async with burst.planned(simulator) as app:
        before = process.rss_mb()
        process.forget_peak()
        await service.run_due(app.core, app.local)
        return before, process.peak_mb()


async def upload(simulator: Simulator, size: int = _VIDEO_BYTES) -> float:
    """By how many MB memory grew at most while a video of `size` bytes was uploaded."""
    account = Account(
        id="a00-douyin", unit="u00", platform="douyin", name="单位", verified_name="单位"
    )
    fields = {
        "open_id": "_000u00",
        "client_key": "ck00",
        "client_secret": "cs00-secret",
        "access_token": "act.bench",
        "refresh_token": "rft.bench",
        "expires_at": (datetime.now(UTC) + timedelta(days=15)).isoformat(),
        "refresh_expires_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
    }
    await simulator.call("POST", "reset", {})
    known = {"platform": "douyin", "account": account.id, **fields}
    await simulator.call("POST", "accounts", {"accounts": [known]})
    with tempfile.TemporaryDirectory() as name:
        video = await asyncio.to_thread(_sparse_video, Path(name), size)
        return await _prepared(simulator, account, fields, Path(name), video)


def _sparse_video(folder: Path, size: int) -> Media:
    """An MP4 by its first bytes that takes no room on the disk."""
    path = folder / "video.mp4"
    with path.open("wb") as file:
        file.write(b"\x00\x00\x00\x18ftypmp42")
        file.truncate(size)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Media(path=path.name, sha256=digest, size=size, mime="video/mp4")


async def _prepared(
    simulator: Simulator, account: Account, fields: Mapping[str, str], folder: Path, video: Media
) -> float:
    async with aiohttp.ClientSession() as session:
        tools = Tools(
            session=session,
            clock=WallClock(),
            media=MediaFolder(folder),
            credentials=MemoryCredentials(fields),
            out_dir=folder,
        )
        adapter = registry.make(account, tools, {"base_url": f"{simulator.url}/douyin"})
        before = process.rss_mb()
        process.forget_peak()
        done = Checkpoint()
        while not done.ready:
            done = await adapter.prepare(_variant(video), done)
        return process.peak_mb() - before


def _variant(video: Media) -> Variant:
    return Variant(
        post="p-video",
        kind=Kind.ORIGINAL,
        method=Method.PUBLISH,
        title="胸外按压这样做",
        text="双手重叠，按在胸骨下半段。",
        body="",
        digest="",
        author="",
        link="",
        label="",
        marker="",
        ai_generated=False,
        video=video,
    )


async def measure(runs: int) -> Outcome:
    """Memory and idle CPU; the upload once, the burst as often as asked."""
    async with running() as simulator:
        grown = await upload(simulator)
        bursts = [await in_burst(simulator) for _run in range(runs)]
        idle_mb, idle_cpu = await idle(simulator)
    title = "Memory and idle CPU"
    figures = [
        Figure(name="CPU with nothing due", value=idle_cpu, unit="s per hour", at_most=15),
        Figure(name="memory of an idle `bot run`", value=idle_mb, unit="MB"),
        Figure(
            name="peak memory in a burst of 1,000 posts",
            value=median([peak for _before, peak in bursts]),
            unit="MB",
            note="of the process that also runs the bench",
        ),
        Figure(
            name="of which the burst itself",
            value=median([peak - before for before, peak in bursts]),
            unit="MB",
        ),
        Figure(
            name="growth while a 1 GB video is uploaded",
            value=grown,
            unit="MB",
            at_most=_UPLOAD_MB,
            note="Douyin, parts of 20 MB",
        ),
    ]
    return Outcome(title=title, figures=figures)
