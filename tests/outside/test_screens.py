"""An adapter from outside the package: installed, connected, published with, heard and compared."""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
import signal
import sqlite3
import urllib.parse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import yaml
from aiohttp.test_utils import TestServer

from tests.forks import Command
from tests.outside.operator import SECRET, Operator

ROOT = Path(__file__).parents[2]
HOSPITAL = "澜汀区第一人民医院"
SOON_S = 30


@dataclass(kw_only=True)
class Bed:
    """An office folder, the installed adapter, and the operator of the screens."""

    folder: Path
    operator: Operator
    env: dict[str, str]

    async def bot(self, *args: str, stdin: str = "") -> tuple[int, str, str]:
        """A command as a process of its own: exit code, stdout, stderr."""
        process = Command(self.folder, *args, env=self.env, stdin=stdin)
        out, err = await asyncio.to_thread(process.communicate, SOON_S)
        assert process.returncode is not None
        assert "Traceback" not in out + err, err
        return process.returncode, out, err

    async def ask(self, *args: str) -> Any:
        return json.loads((await self.bot(*args, "--format", "json"))[1])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """`bot run`; where it can be reached."""
        process = Command(self.folder, "run", env=self.env)
        found = None
        while found is None:
            line = await asyncio.to_thread(process.stderr.readline)
            assert line, process.wait(SOON_S)
            found = re.search(r"(http://127\.0\.0\.1:\d+)/readyz", line)
        try:
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
            _out, err = await asyncio.to_thread(process.communicate, SOON_S)
        assert (process.returncode, "Traceback" in err) == (0, False), err

    async def published(self) -> dict[str, Any]:
        """The one publication, once it is public."""
        file = self.folder / "var" / "ledger.sqlite3"
        while (state := _state(file)) != "published":
            assert state in {"planned", "held", "queued", "sending", "pending"}, state
            await asyncio.sleep(0.05)
        [row] = (await self.ask("publications", "list"))["publications"]
        assert row["state"] == "published"
        return dict(row)


def _state(ledger: Path) -> str:
    """Where the one publication stands; asked of the file, since it is asked so often."""
    with closing(sqlite3.connect(ledger)) as plain:
        [[state]] = plain.execute("SELECT state FROM publications")
    return str(state)


@pytest.fixture
async def bed(tmp_path: Path) -> AsyncIterator[Bed]:
    operator = Operator(signed_in=HOSPITAL)
    async with TestServer(operator.app()) as server:
        operator.url = str(server.make_url("")).rstrip("/")
        yield Bed(
            folder=_office(tmp_path / "office", operator.url),
            operator=operator,
            env=_environment(_install(tmp_path / "site")),
        )


def _install(site: Path) -> Path:
    """What `pip install` of the other office's package leaves behind."""
    info = site / "screens-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: screens\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[xuanfa_bot.adapters]\nscreens = screens:Screens\n")
    source = (Path(__file__).parent / "screens.py").read_text(encoding="utf-8")
    (site / "screens.py").write_text(source, encoding="utf-8")
    return site


def _environment(site: Path) -> dict[str, str]:
    machine = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    return machine | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(site)]),
        "BOT_LANGUAGE": "en",
        "BOT_WEB__LISTEN": "127.0.0.1:0",
        "BOT_WEB__PUBLIC_URL": "http://bot.lanting.example",
    }


def _office(folder: Path, base_url: str) -> Path:
    schedules = folder / "schedules"
    schedules.mkdir(parents=True)
    (folder / "settings.toml").write_text(f'[platforms.screens]\nbase_url = "{base_url}"\n')
    account = {
        "id": "u02-screens",
        "platform": "screens",
        "name": HOSPITAL,
        "filing": "澜网备2026-9",
        "verified_name": HOSPITAL,
    }
    unit = {"id": "u02", "name": HOSPITAL, "short": "一院", "accounts": [account]}
    due = datetime.now(UTC) - timedelta(minutes=1)
    post = {
        "id": "p1",
        "title": "洗手",
        "topic": "notice",
        "accounts": ["u02-screens"],
        "at": due.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M"),
        "text": "流感季节，回家先洗手。",
    }
    _dump(schedules / "roster.yaml", {"matrix": "澜汀", "units": [unit]})
    _dump(schedules / "2026.yaml", {"timezone": "Asia/Shanghai", "posts": [post]})
    return folder


def _dump(path: Path, data: object) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


async def _open(link: str) -> str:
    """The owner opens the page and allows the office: where the browser is sent."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(link, allow_redirects=False) as answer,
    ):
        assert answer.status == 302
        return answer.headers["Location"]


async def _get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_connected_published_and_heard(bed: Bed) -> None:
    await bed.bot("plan", "--apply")
    assert (await bed.bot("accounts", "set-credential", "@screens", stdin=_secret()))[0] == 0
    async with bed.running() as bot:
        page = (await bed.ask("accounts", "connect", "u02-screens"))["page"]
        status, text = await _get(page.replace("http://bot.lanting.example", bot))
        [link] = re.findall('href="([^"]+)"', text)
        assert status == 200
        back = await _open(html.unescape(link))
        assert back.startswith("http://bot.lanting.example/connect/screens?")
        status, page = await _get(back.replace("http://bot.lanting.example", bot))
        assert (status, "is connected" in page) == (200, True)
        # The same answer again: its code was used.
        status, page = await _get(back.replace("http://bot.lanting.example", bot))
        assert (status, "Not connected" in page) == (400, True)
        while not bed.operator.texts:
            await asyncio.sleep(0.05)
        bed.operator.hook = f"{bot}/hooks/screens"
        assert await bed.operator.say({"text_id": "1"}, secret="wrong") == 403
        while (await bed.operator.let_through("1")) != 200:
            pass
        row = await _heard(bed)
    assert row["url"] == f"{bed.operator.url}/t/1"
    assert len(bed.operator.texts) == 1
    [account] = (await bed.ask("accounts", "check"))["accounts"]
    assert account["permissions"] == {"发布": True, "删除": False}
    assert account["quota_left"] == [{"action": "publish", "period": "day", "left": 19}]


async def _heard(bed: Bed) -> dict[str, Any]:
    """Told again and again, as platforms do; it would be looked at by itself in an hour only."""
    telling = asyncio.create_task(bed.published())
    while not telling.done():
        assert await bed.operator.say({"text_id": "1"}) == 200
        await asyncio.sleep(0.2)
    return await telling


def _secret() -> str:
    return json.dumps({"secret": SECRET})


async def test_an_office_that_nobody_reaches_pastes_the_answer(bed: Bed) -> None:
    await bed.bot("plan", "--apply")
    back = await _open((await bed.ask("accounts", "connect", "u02-screens"))["link"])
    code, _out, err = await bed.bot("accounts", "connect", "u02-screens", "--answer", "no address")
    assert (code, "whole line" in " ".join(err.split())) == (2, True)
    done = json.loads(
        (await bed.bot("accounts", "connect", "u02-screens", "--answer", back, "--format", "json"))[
            1
        ]
    )
    assert done == {"account": "u02-screens", "name": HOSPITAL, "until": None}
    code, _out, err = await bed.bot("accounts", "connect", "u02-screens", "--answer", back)
    assert (code, "不认这个授权码" in err) == (2, True)


async def test_the_wrong_account_and_a_forged_state_are_refused(bed: Bed) -> None:
    await bed.bot("plan", "--apply")
    bed.operator.signed_in = "别家医院"
    link = (await bed.ask("accounts", "connect", "u02-screens"))["link"]
    back = await _open(link)
    code, _out, err = await bed.bot("accounts", "connect", "u02-screens", "--answer", back)
    assert (code, "别家医院" in err) == (2, True)
    bed.operator.signed_in = HOSPITAL
    forged = urllib.parse.urlsplit(await _open(link.replace("u02-screens", "u99-screens")))
    answer = f"http://x/?{forged.query}"
    code, _out, err = await bed.bot("accounts", "connect", "u02-screens", "--answer", answer)
    assert (code, "invitation of ours" in " ".join(err.split())) == (2, True)
    [account] = (await bed.ask("accounts", "list"))["accounts"]
    assert account["authorisation"]["state"] == "missing"


async def test_sync_tells_who_is_not_in_the_roster_and_who_left(bed: Bed) -> None:
    await bed.bot("plan", "--apply")
    await bed.bot("accounts", "set-credential", "@screens", stdin=_secret())
    back = await _open((await bed.ask("accounts", "connect", "u02-screens"))["link"])
    await bed.bot("accounts", "connect", "u02-screens", "--answer", back)
    assert (await bed.bot("accounts", "sync"))[0] == 0
    bed.operator.owners["t"] = "区血站"
    code, out, _err = await bed.bot("accounts", "sync", "--format", "json")
    assert code == 1
    [stranger] = json.loads(out)["not_in_roster"]
    assert (stranger["platform"], stranger["verified_name"]) == ("screens", "区血站")
    wrong = json.dumps({"secret": "another"})
    async with bed.running() as bot:
        bed.operator.hook = f"{bot}/hooks/screens"
        assert await bed.operator.say({"left": HOSPITAL}) == 200
    await bed.bot("accounts", "set-credential", "@screens", stdin=wrong)
    code, out, _err = await bed.bot("accounts", "sync", "--format", "json")
    assert (code, "screens" in json.loads(out)["errors"]) == (1, True)
    [account] = (await bed.ask("accounts", "list"))["accounts"]
    assert "taken the authorisation back" in account["paused"]
