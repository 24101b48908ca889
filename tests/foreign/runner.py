"""Clients that others have published, and that nobody here wrote, against the simulator.

`python -m tests.foreign.runner` installs the npm packages of package.json in a folder of its own
and runs each script beside it with Node. What they hold true of the platforms, the simulator must.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import aiohttp

from bot.demo.outside import Outside, credential
from bot.schedule.reader import read
from bot.simulator import serve

HERE = Path(__file__).parent
SCHEDULES = HERE.parents[1] / "schedules"


def install(folder: Path) -> None:
    """The packages, at exactly the versions package.json names."""
    for path in (HERE / "package.json", *HERE.glob("*.mjs")):
        shutil.copy(path, folder)
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=folder, check=True)


async def main() -> int:
    """0 when every script has come through."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await asyncio.to_thread(install, folder)
        scripts = sorted(path.name for path in folder.glob("*.mjs"))
        failed = [script for script in scripts if not await _passes(folder, script)]
    print(f"{len(scripts) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not scripts else 0


async def _passes(folder: Path, script: str) -> bool:
    """Runs one script against a simulator of its own."""
    runner, port = await serve("127.0.0.1", 0)
    try:
        facts = folder / "facts.json"
        facts.write_text(json.dumps(await _stage(f"http://127.0.0.1:{port}")), encoding="utf-8")
        process = await asyncio.create_subprocess_exec("node", script, str(facts), cwd=folder)
        code = await asyncio.wait_for(process.wait(), timeout=120)
    finally:
        await runner.cleanup()
    print(f"{script}: {'passed' if code == 0 else 'FAILED'}")
    return code == 0


async def _stage(url: str) -> dict[str, object]:
    """Opens the sample matrix on the simulator; what a script needs to know of it."""
    roster = read(SCHEDULES).roster
    async with aiohttp.ClientSession() as session:
        await Outside(session, url).register(roster)
    chosen = {
        platform: credential(next(a for a in roster.accounts.values() if a.platform == platform))
        for platform in ("wechat", "weibo", "douyin")
    }
    media = SCHEDULES / "media"
    return {
        "url": url,
        **chosen,
        "picture": str(media / "photo-01.jpg"),
        "video": str(media / "video-01.mp4"),
    }


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
