from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import structlog

from bot.stage import outside
from tests.bot.cli.office import Office, start
from tests.bot.cli.stage import SOON_S, minute, open_accounts
from tests.bot.engine.world import status


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Office]:
    """An empty office folder, and no settings but the defaults."""
    for name in list(os.environ):
        if name.startswith("BOT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield Office(tmp_path, capsys, monkeypatch)
    structlog.reset_defaults()  # the log must not keep the captured stderr


@pytest.fixture
def env() -> dict[str, str]:
    """The machine's variables without any of ours; a desk in a process of its own costs time."""
    machine = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    return machine | {"BOT_WEB__OWN_PROCESS": "false"}


@pytest.fixture
def simulator(office: Office, env: Mapping[str, str]) -> Iterator[str]:
    """`bot simulator` on a free port; it says where it is, and ends well on Ctrl-C."""
    process = start(office.folder, "simulator", "--port", "0", env=env)
    found = re.search(r"http://127\.0\.0\.1:[1-9]\d*", process.stdout.readline())
    assert found is not None, process.communicate(timeout=SOON_S)
    yield found.group()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SOON_S)
    assert (process.returncode, out.strip(), err) == (0, "", "")


@pytest.fixture
def ready(office: Office, simulator: str) -> Office:
    """A Weibo post that has been due for a minute; the account is open, its credential entered."""
    office.write(status("s1", minute(-1), window="2h"))
    (office.folder / "settings.toml").write_text(
        "".join(
            f'[platforms.{name}]\nbase_url = "{simulator}/{name}"\n'
            for name in sorted(outside.SIMULATED)
        ),
        encoding="utf-8",
    )
    assert office.bot("plan", "--apply").code == 0
    office.work(open_accounts(simulator))
    return office
