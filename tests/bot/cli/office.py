"""An office folder of its own for each test, and the command `bot` run in it."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.app import App, open_app
from bot.cli import main
from bot.settings import load_settings
from tests.bot.engine.world import BODY, MEDIA, roster
from tests.forks import ROOT, Command

Data = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """stdout as JSON; fails when anything else is on it."""
        return json.loads(self.out)

    @property
    def told(self) -> str:
        """What stderr says, without line breaks."""
        return " ".join(self.err.split())


class Office:
    """The folder commands are started in; settings and ledger lie where they do by default."""

    def __init__(
        self, folder: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
    ) -> None:
        self.folder = folder
        self.schedules = folder / "schedules"
        self._capsys = capsys
        self._patch = patch

    def write(self, *posts: Data, members: Data | None = None) -> None:
        """Writes roster.yaml, 2026-05.yaml, the media and a body for every article."""
        shutil.copytree(MEDIA, self.schedules / "media", dirs_exist_ok=True)
        (self.schedules / "posts").mkdir(exist_ok=True)
        for post in posts:
            if "body" in post:
                (self.schedules / post["body"]).write_text(BODY, encoding="utf-8")
        self._dump("roster.yaml", members or roster())
        self._dump("2026-05.yaml", {"timezone": "Asia/Shanghai", "posts": list(posts)})

    def _dump(self, name: str, data: Data) -> None:
        text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
        (self.schedules / name).write_text(text, encoding="utf-8")

    def bot(self, *args: str | Path, stdin: str = "") -> Ran:
        """Runs the command in this process."""
        self._patch.setattr(sys, "argv", ["bot", *(str(arg) for arg in args)])
        self._patch.setattr(sys, "stdin", io.StringIO(stdin))
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(code=ended.value.code, out=said.out, err=said.err)

    def ask(self, *args: str | Path) -> Any:
        """The JSON answer of a command."""
        return self.bot(*args, "--format", "json").document

    def work(self, job: Callable[[App], Awaitable[None]]) -> None:
        """Does something with the opened program, as another process might."""

        async def run() -> None:
            async with open_app(load_settings()) as app:
                await job(app)

        asyncio.run(run())


def start(folder: Path, *args: str, env: Mapping[str, str]) -> Command:
    """Runs the command as a process of its own."""
    return Command(folder, *args, env=env)


def load_and_start(folder: Path, *args: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """The same from the very start, as a person does it; takes two seconds longer."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *args],
        cwd=folder,
        env={**env, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
