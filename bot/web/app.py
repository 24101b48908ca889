"""The HTTP server of `bot run` and `bot worker`, beside their work and never in its way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import socket
from typing import TypedDict

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.app import App
from bot.engine import entrance
from bot.engine.health import Ping
from bot.engine.ports import Core
from bot.i18n import _
from bot.logs import get_logger
from bot.metrics import Metrics
from bot.settings import Web
from bot.web.api.site import Api
from bot.web.desk.site import Desk, in_words
from bot.web.feed import Feed
from bot.web.hooks import Hooks
from bot.web.pages import add_static
from bot.web.relay import Relay
from bot.web.tasks import Tasks
from bot.web.watch import Notes, Watch, nothing

log = get_logger(__name__)
_SHUTDOWN_S = 1.0


class Parts(TypedDict):
    """What is served besides health."""

    hooks: Hooks
    feed: Feed
    tasks: Tasks
    desk: Desk
    api: Api


@dataclass(frozen=True, kw_only=True)
class Served:
    """What came of the wish to serve."""

    sentence: str  # for the person who started the program; "" when serving is switched off
    address: str  # http://… without a slash at the end; "" when nothing is served


def create_app(
    watch: Watch | Relay,
    hooks: Hooks | None = None,
    feed: Feed | None = None,
    tasks: Tasks | None = None,
    desk: Desk | None = None,
    api: Api | None = None,
) -> web.Application:
    """Everything that is served."""
    app = web.Application(middlewares=[in_words, _plain_failures])
    add_static(app)
    for part in (watch, hooks, feed, tasks, desk, api):
        if part is not None:
            part.add_routes(app)
    return app


@web.middleware
async def _plain_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """An error of our own is told in the log; the client gets a sentence."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception:
        # The pattern, not the address itself: that may be a key.
        resource = request.match_info.route.resource
        log.exception("web.failed", path=resource.canonical if resource else "")
        return web.json_response({"error": _("An error inside the program.")}, status=500)


@asynccontextmanager
async def serving(
    web_settings: Web,
    core: Core,
    metrics: Metrics,
    *,
    ping: Ping | None = None,
    hooks: Hooks | None = None,
    feed: Feed | None = None,
    tasks: Tasks | None = None,
    desk: Desk | None = None,
    api: Api | None = None,
    notes: Notes = nothing,
) -> AsyncIterator[Served]:
    """Serves while the block runs.

    A port in use must not stop publishing: then the sentence says so, and nothing is served.
    """
    if web_settings.address is None:
        yield Served(sentence="", address="")
        return
    watch = Watch(
        core=core,
        metrics=metrics,
        ping=ping,
        overdue_s=web_settings.overdue_s,
        metrics_open=web_settings.metrics_open,
        notes=notes,
    )
    async with _running(create_app(watch, hooks, feed, tasks, desk, api)) as runner:
        yield await _listen(runner, *web_settings.address)


@asynccontextmanager
async def _running(site: web.Application) -> AsyncIterator[web.AppRunner]:
    # Without an access log: addresses hold keys.
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> Served:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        return not_served(host, port, error)
    # With port 0 the system has chosen one.
    return served_at(host, runner.addresses[0][1])


def not_served(host: str, port: int, error: OSError) -> Served:
    """Nothing can listen there."""
    cause = error.strerror or str(error)
    log.error("web.not_served", host=host, port=port, error=cause)
    sentence = _(
        "The desk is not served: nothing can listen on {host}:{port} ({cause}). "
        "Publishing goes on. Set web.listen to a free address, or to nothing."
    ).format(host=host, port=port, cause=cause)
    return Served(sentence=sentence, address="")


def served_at(host: str, port: int) -> Served:
    """It is served there."""
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    sentence = _("Health and metrics: {address}/readyz").format(address=address)
    return Served(sentence=sentence, address=address)


@asynccontextmanager
async def watched(app: App, say: Callable[[str], object]) -> AsyncIterator[Served]:
    """Serves the running program while the block runs; `say` tells the person where, or why not."""
    async with serving(
        app.settings.web,
        app.core,
        app.metrics,
        ping=None if app.redis is None else app.redis.ping,
        **_parts(app),
        notes=app.standing.notes,
    ) as served:
        await announce(app, served, say)
        yield served


def _parts(app: App) -> Parts:
    settings, core, sign = app.settings, app.core, app.vault.sign
    return {
        "hooks": Hooks(core, sign=sign, public_url=settings.web.public_url),
        "feed": Feed(core, sign=sign, zone=settings.zone, schedules=settings.office.schedules),
        "tasks": Tasks(core, sign=sign, zone=settings.zone, packages=settings.files.handoff),
        "desk": Desk(app),
        "api": Api(app),
    }


@asynccontextmanager
async def for_another(app: App, listening: Sequence[socket], relay: Relay) -> AsyncIterator[None]:
    """Serves on sockets that the publishing process has opened, while the block runs."""
    async with _running(create_app(relay, **_parts(app))) as runner:
        for one in listening:
            await web.SockSite(runner, one).start()
        yield


async def announce(app: App, served: Served, say: Callable[[str], object]) -> None:
    """Tells where the desk is, or why not, and how the first person comes in."""
    if served.sentence:
        say(served.sentence)
    if served.address:
        await _welcome(app, app.settings.web.public_url or served.address, say)


async def _welcome(app: App, address: str, say: Callable[[str], object]) -> None:
    secret = await entrance.first_link(app.core)
    if secret:
        message = _("Nobody can log in yet. Set the administrator's password here, once: {link}")
        say(message.format(link=f"{address.rstrip('/')}/invite/{secret}"))
    else:
        say(_("The desk: {address}/").format(address=address.rstrip("/")))
