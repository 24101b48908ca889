"""Clients that others have published, and that nobody here wrote, against the simulator.

`python -m tests.foreign.runner` installs the npm packages of package.json and the Python packages
of requirements.txt in a folder of its own and runs each script beside it, with Node or Python. What
they hold true of the platforms, the simulator must.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import aiohttp

from bot.schedule.reader import read
from bot.simulator import serve
from bot.stage.outside import Outside, credential

HERE = Path(__file__).parent
SCHEDULES = HERE.parents[1] / "schedules"
PYTHON = ("hub.py",)  # scripts that run with Python, on libraries of their own
LIBRARIES = "libraries"


def install(folder: Path) -> None:
    """The packages, at exactly the versions package.json and requirements.txt name."""
    for path in (HERE / "package.json", *HERE.glob("*.mjs"), *(HERE / name for name in PYTHON)):
        shutil.copy(path, folder)
    wanted = ["--target", str(folder / LIBRARIES), "-r", str(HERE / "requirements.txt")]
    subprocess.run([sys.executable, "-m", "pip", "install", "-qqq", *wanted], check=True)
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=folder, check=True)


async def main() -> int:
    """0 when every script has come through."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await asyncio.to_thread(install, folder)
        scripts = sorted([*PYTHON, *(path.name for path in folder.glob("*.mjs"))])
        failed = [script for script in scripts if not await _passes(folder, script)]
    print(f"{len(scripts) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not scripts else 0


async def _passes(folder: Path, script: str) -> bool:
    """Runs one script against a simulator of its own."""
    runner, port = await serve("127.0.0.1", 0)
    try:
        facts = folder / "facts.json"
        facts.write_text(json.dumps(await _stage(f"http://127.0.0.1:{port}")), encoding="utf-8")
        program = sys.executable if script in PYTHON else "node"
        libraries = {**os.environ, "PYTHONPATH": str(folder / LIBRARIES)}
        process = await asyncio.create_subprocess_exec(
            program, script, str(facts), cwd=folder, env=libraries
        )
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
