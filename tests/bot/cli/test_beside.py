"""The desk's own process beside `bot run`: it comes back, it ends with it, it speaks for it."""

from __future__ import annotations

import json
import re
import signal
import time
import urllib.error
import urllib.parse
import urllib.request

import psutil
import pytest

from tests.bot.cli.office import Office, start
from tests.bot.cli.test_watched import SOON_S, env, get
from tests.bot.engine.world import article, status

__all__ = ["env"]  # a fixture


def _desk_of(pid: int, *, but: int = 0) -> psutil.Process:
    """The desk's process, once it is there."""
    end = time.monotonic() + SOON_S
    while time.monotonic() < end:
        for child in psutil.Process(pid).children():
            if child.pid != but and "bot.cli.desk_process" in child.cmdline():
                return child
        time.sleep(0.05)
    raise AssertionError("no desk")


def test_the_desk_comes_back_and_ends_with_who_publishes(
    office: Office, env: dict[str, str]
) -> None:
    office.write(status("s1", "2026-05-06 10:00"))
    process = start(office.folder, "run", env=env)
    try:
        said = next(line for line in process.stderr if "Health" in line)
        found = re.search(r"(http://127\.0\.0\.1:\d+)/readyz", said)
        assert found is not None
        url = found[1]
        assert json.loads(get(f"{url}/readyz"))["ready"] is True
        assert "<form" in get(f"{url}/login")
        desk = _desk_of(process.pid)
        assert desk.nice() > psutil.Process(process.pid).nice()

        passed_on = urllib.request.Request(f"{url}/metrics", headers={"X-Real-IP": "10.0.0.9"})
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(passed_on, timeout=SOON_S)
        assert refusal.value.code == 403
        refusal.value.close()

        desk.kill()
        assert "<form" in get(f"{url}/login")  # waits for the next one
        desk = _desk_of(process.pid, but=desk.pid)
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=SOON_S)
    desk.wait(timeout=SOON_S)  # nobody told it


def test_errors_of_the_calendar_are_known_to_the_desk(office: Office, env: dict[str, str]) -> None:
    office.write(article("p1", "2099-05-06 10:00", cover="media/none.jpg"))
    process = start(office.folder, "run", env=env)
    try:
        said = next(line for line in process.stderr if "/invite/" in line)
        found = re.search(r"(http://127\.0\.0\.1:\d+)/invite/\S+", said)
        assert found is not None
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        password = urllib.parse.urlencode({"password": "long enough 1", "again": "long enough 1"})
        browser.open(found[0], password.encode(), timeout=SOON_S).close()
        end = time.monotonic() + SOON_S  # told when the desk has begun
        page = ""
        while "2026-05.yaml" not in page and time.monotonic() < end:
            with browser.open(f"{found[1]}/", timeout=SOON_S) as answer:
                page = answer.read().decode()
        assert re.search(r"2026-05\.yaml\S* \d+ errors", page), page
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SOON_S)
    assert process.returncode == 0
