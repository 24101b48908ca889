"""The power fails while a unit's liaison uses a link: used and done, or neither."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from bot.domain.tasks import TaskKind
from bot.engine import handles, tasks
from bot.ledger import publications
from bot.ledger.store import open_ledger
from bot.ledger.tables import handles as handles_table
from tests.bot.engine.world import TEN, World, key_item, open_world, roster

ROOT = Path(__file__).parents[2]
KILLED = -9
FEW = 11  # up to here the ledger is mostly asked; a third of these steps will do
LEAST = FEW + 3  # fewer steps than this, and the hook has gone blind


async def _asked(world: World) -> str:
    """A link for a unit that must agree; nothing of the bot is running any more."""
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(hours=1))
    async with world.app.core.ledger.write() as conn:
        (task,) = await tasks.open_tasks(conn)
        assert task.kind is TaskKind.ACCEPT
        now, sign = world.clock.now(), world.app.vault.sign
        link = await handles.link_of(conn, task, public_url="", sign=sign, now=now)
    await world.stop()
    return link.removeprefix("/t/")


async def _standing(folder: Path) -> tuple[bool, int, str]:
    """Is the link used, how often was it agreed, and who agreed."""
    ledger = await open_ledger(f"sqlite:///{folder / 'ledger.sqlite3'}")
    async with ledger.read() as conn:
        (used_at,) = (await conn.execute(select(handles_table.c.used_at))).scalars()
        pub = await publications.by_post_and_account(conn, "k1", "u02-wechat")
        assert pub is not None
        events = await publications.history(conn, pub.id)
    await ledger.close()
    agreed = sum(event["name"] == "publication.accepted" for event in events)
    return used_at is not None, agreed, pub.accepted_by


async def test_killed_at_every_step_a_link_is_used_and_done_or_neither(tmp_path: Path) -> None:
    pipe = asyncio.subprocess.PIPE
    async with open_world(tmp_path / "office", roster(u02_wechat={"reprint": "confirm"})) as world:
        token, now = await _asked(world), world.clock.now().isoformat()
        victim = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.scenarios.link_victim"),
            stdin=pipe,
            stdout=pipe,
            cwd=ROOT,
        )
        assert victim.stdin is not None
        assert victim.stdout is not None

        async def use(folder: Path, kill: int) -> int:
            job = {"folder": str(folder), "token": token, "now": now, "kill": kill}
            victim.stdin.write(json.dumps(job).encode() + b"\n")  # type: ignore[union-attr]
            answer = await victim.stdout.readline()  # type: ignore[union-attr]
            return int(json.loads(answer)["exit"])

        ends = []
        folder = tmp_path / "run"
        for kill in (*range(1, FEW, 3), *range(FEW, 40)):
            folder.mkdir()
            for name in ("ledger.sqlite3", "secret.key"):
                shutil.copy2(world.folder / name, folder / name)
            code = await use(folder, kill)
            ends.append(await _standing(folder))
            assert ends[-1] in {(False, 0, ""), (True, 1, "liaison of u02 by link")}, kill
            if kill == 1 or ends[-1] != ends[0]:
                assert await use(folder, 0) == 0  # the liaison tries once more
                assert await _standing(folder) == (True, 1, "liaison of u02 by link"), kill
            shutil.rmtree(folder)
            if code == 0:
                break
            assert code == KILLED
        victim.stdin.close()
        assert await victim.wait() == 0
        assert LEAST < kill < 40
        assert sorted(ends) == ends  # neither up to the commit, both after it
        await world.start()
