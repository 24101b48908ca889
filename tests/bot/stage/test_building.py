"""A stage reaches its own simulator and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiohttp
import pytest

from bot.errors import UsageError
from bot.settings import Files, LedgerPart, QueuePart, Settings
from bot.stage import building
from bot.stage.building import only_to
from bot.stage.outside import SIMULATED


@contextmanager
def server(leads_to: str = "") -> Iterator[tuple[str, list[str]]]:
    """An address, and the paths that were asked for; it sends callers on if told where."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(302 if leads_to else 200)
            self.send_header("Location", leads_to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    opened = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=opened.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{opened.server_port}", seen
    finally:
        opened.shutdown()
        thread.join()
        opened.server_close()


async def test_a_guarded_session_is_led_nowhere_else() -> None:
    """Neither directly nor by a redirect; without the guard both would arrive."""
    with server() as (trap, caught), server(leads_to=f"{trap}/led") as (stage, seen):
        async with aiohttp.ClientSession(middlewares=(only_to(stage),)) as session:
            for address in (f"{trap}/asked", f"{stage}/redirect"):
                with pytest.raises(aiohttp.ClientConnectionError):
                    await session.get(address)
            assert (seen, caught) == (["/redirect"], [])
            port = stage.rpartition(":")[2]
            async with session.get(
                f"http://localhost:{port}/uploads", allow_redirects=False
            ) as answer:
                assert answer.status == 302
        async with aiohttp.ClientSession() as session, session.get(f"{stage}/redirect"):
            assert caught == ["/led"]


async def test_the_settings_of_a_stage_keep_quotas_and_lose_addresses(tmp_path: Path) -> None:
    """Whatever an address is called, and on platforms the simulator does not play as well."""
    settings = Settings(
        ledger=LedgerPart(url="postgresql+asyncpg://office/ledger"),
        queue=QueuePart(redis_url="redis://office"),
        files=Files(handoff=Path("/srv/handoff"), key=Path("/srv/key")),
        platforms={
            "wechat": {"base_url": "https://api.weixin.qq.com", "quotas": {"push_day": 2}},
            "kuaishou": {"upload_hosts": "kuaishou.com", "timeout_s": 9.0},
            "other": {"gate": "https://other.example", "limit": 3},
        },
    )
    stage = await building.build(settings, tmp_path, schedules=tmp_path / "schedules")
    await stage.stop()
    ours = stage.settings
    assert ours.ledger.url == f"sqlite:///{tmp_path.as_posix()}/ledger.sqlite3"
    assert (ours.queue.redis_url, ours.files.key) == ("", tmp_path / "secret.key")
    assert ours.platforms["other"] == {"limit": 3}
    assert ours.platforms["wechat"] == {
        "base_url": f"{stage.base_url}/wechat",
        "quotas": {"push_day": 2},
    }
    assert "upload_hosts" not in ours.platforms["kuaishou"]
    assert ours.platforms["kuaishou"]["timeout_s"] == 9.0
    for name in SIMULATED:
        assert str(ours.platforms[name]["base_url"]).startswith(stage.base_url)


def test_only_a_folder_of_its_own_is_emptied(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    building.empty(folder, ".mark")
    (folder / "old").touch()
    building.empty(folder, ".mark")
    assert [path.name for path in folder.iterdir()] == [".mark"]
    with pytest.raises(UsageError):
        building.empty(tmp_path, ".mark")
    assert (folder / ".mark").exists()
