"""`bot run` as its watchers see it: a process of its own, real HTTP, real time."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.bot.cli.office import Office, start
from tests.bot.engine.world import status
from tests.forks import Command

SOON_S = 20


@pytest.fixture
def env() -> dict[str, str]:
    """The machine's variables without any of ours; any free port."""
    machine = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    return machine | {"BOT_WEB__LISTEN": "127.0.0.1:0", "BOT_LANGUAGE": "en"}


@contextmanager
def running(office: Office, env: Mapping[str, str]) -> Iterator[tuple[str, Command]]:
    """What `bot run` says of its watching; ended in good order."""
    office.write(status("s1", "2026-05-06 10:00"))
    process = start(office.folder, "run", env=env)
    try:
        told = (line for line in process.stderr if "Health" in line or "not served" in line)
        yield next(told), process
    finally:
        process.send_signal(signal.SIGTERM)
        _out, err = process.communicate(timeout=SOON_S)
    assert process.returncode == 0, err
    assert "Traceback" not in err


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=SOON_S) as answer:
        return str(answer.read().decode())


def test_a_running_bot_answers(office: Office, env: Mapping[str, str]) -> None:
    with running(office, env) as (said, _process):
        found = re.search(r"(http://127\.0\.0\.1:[1-9]\d*)/readyz", said)
        assert found is not None, said
        assert json.loads(get(f"{found[1]}/healthz"))["alive"] is True
        ready = json.loads(get(f"{found[1]}/readyz"))
        assert ready == {"ready": True, "reasons": [], "notes": []}
        page = text_string_to_metric_families(get(f"{found[1]}/metrics"))
        names = {family.name for family in page}
    assert names >= {"bot_ledger_up", "bot_oldest_untried_seconds", "bot_quota_left", "bot_info"}


def test_a_port_in_use_is_said_and_the_bot_goes_on(office: Office, env: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        env["BOT_WEB__LISTEN"] = f"127.0.0.1:{taken.getsockname()[1]}"
        with running(office, env) as (said, process):
            assert "The desk is not served" in said
            assert "Publishing goes on" in said
            assert process.poll() is None
