"""A stage: a running simulator, and settings that lead nowhere else."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse
from yarl import URL

from bot.errors import UsageError
from bot.i18n import _
from bot.settings import NotifyPart, QueuePart, Settings
from bot.simulator import serve
from bot.stage import outside


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where a month is played: a running simulator and settings that point at it."""

    settings: Settings
    base_url: str
    stop: Callable[[], Awaitable[None]]  # ends the simulator


def empty(folder: Path, mark: str) -> None:
    """Makes the folder anew, with the file `mark` in it that lets it be emptied the next time.

    Raises UsageError when it holds anything of somebody else's.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / mark).exists():
        raise UsageError(
            _("{folder} holds files of something else. Name an empty folder with --dir.").format(
                folder=folder
            )
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / mark).touch()


async def build(settings: Settings, folder: Path, *, schedules: Path) -> Stage:
    """Starts the simulator; all that is written is kept in `folder`, `schedules` is only read."""
    runner, port = await serve("127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{port}"
    kept = settings_in(folder, settings, schedules=schedules)
    platforms = _played(kept.platforms, base_url)
    return Stage(
        settings=kept.model_copy(update={"platforms": platforms}),
        base_url=base_url,
        stop=runner.cleanup,
    )


def settings_in(folder: Path, settings: Settings, *, schedules: Path) -> Settings:
    """The settings with ledger, queue, key and packages of their own, kept in `folder`."""
    url = f"sqlite:///{(folder / 'ledger.sqlite3').as_posix()}"
    files = {"handoff": folder / "handoff", "key": folder / "secret.key"}
    return settings.model_copy(
        update={
            "office": settings.office.model_copy(update={"schedules": schedules}),
            "ledger": settings.ledger.model_copy(update={"url": url}),
            "queue": QueuePart(),  # works in this process
            "notify": NotifyPart(on=False),  # nobody is told of what is only played
            "files": settings.files.model_copy(update=files),
            "secret_key": None,
        }
    )


def _played(
    platforms: Mapping[str, Mapping[str, object]], base_url: str
) -> dict[str, dict[str, object]]:
    """The office's quotas and limits stay in force; every address of its own goes."""
    found: dict[str, dict[str, object]] = {
        name: {key: value for key, value in part.items() if not _is_address(key, value)}
        for name, part in platforms.items()
    }
    for name, ours in outside.settings(base_url).items():
        found[name] = found.get(name, {}) | ours
    return found


def _is_address(key: str, value: object) -> bool:
    return key.endswith(("url", "host", "hosts")) or (isinstance(value, str) and "://" in value)


def only_to(base_url: str) -> ClientMiddlewareType:
    """Lets a session reach `base_url` and nothing else, whatever address it is led to."""
    # Some platforms take files at a host of another name; the simulator has one more.
    stage = URL(base_url)
    allowed = {stage.origin(), stage.with_host("localhost").origin()}

    async def guard(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if request.url.origin() not in allowed:
            raise aiohttp.ClientConnectionError(f"not on this stage: {request.url.host}")
        return await handler(request)

    return guard
