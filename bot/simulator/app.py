"""The simulator as an aiohttp application, and as a server on a port of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import formatdate

from aiohttp import web

from bot.simulator import control, website_pages
from bot.simulator.wire import CLOSING, dispatch
from bot.simulator.world import World

#: Above Douyin's whole-file limit of 128 MB, so that the platform itself answers "too large".
BODY_MAX = 160 * 1024 * 1024
SHUTDOWN_S = 2.0
WORLD = web.AppKey("world", World)  # for who serves it in his own process


def create_app(*, start: datetime | None = None) -> web.Application:
    """An application with a world of its own; with `start` its clock stands there."""
    app = web.Application(client_max_size=BODY_MAX)
    world = World(start)
    app[WORLD] = world
    app[CLOSING] = asyncio.Event()
    app.on_shutdown.append(_close)
    app.on_shutdown.append(_quiet(world))

    async def give_up(_app: web.Application) -> None:
        await world.douyin.state.hooks.close()

    app.on_shutdown.append(give_up)
    app.on_response_prepare.append(_dated(world))
    control.add_routes(app, world)
    for name in ("wechat", "weibo", "douyin", "website", "kuaishou", "bilibili", "baijiahao"):
        app.router.add_route("*", f"/{name}/{{path:.*}}", _handler(world, name))
    # Kuaishou gives out a bare host for uploads, so they come without a prefix.
    app.router.add_route("*", "/api/upload{path:.*}", _handler(world, "kuaishou"))
    app.router.add_get("/robots.txt", _robots(world))
    return app


def _robots(world: World) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(text=website_pages.robots(request.host, [*world.website.state.sites]))

    return handle


def _handler(world: World, name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        # Looked up on each call: a reset puts new platforms in place.
        return await dispatch(world.core, world.platform(name), request)

    return handle


def _dated(world: World) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    async def date(_request: web.Request, response: web.StreamResponse) -> None:
        # A platform dates its answers by its own clock; wall time is what aiohttp sends anyway.
        if world.core.clock.virtual:
            response.headers["Date"] = formatdate(world.core.clock.time(), usegmt=True)

    return date


def _quiet(world: World) -> Callable[[web.Application], Awaitable[None]]:
    async def quiet(_app: web.Application) -> None:
        await world.wechat.outbox.close()

    return quiet


async def _close(app: web.Application) -> None:
    app[CLOSING].set()


async def serve(host: str, port: int) -> tuple[web.AppRunner, int]:
    """Start serving; answers the runner, to be cleaned up, and the port (asked for with 0)."""
    runner = web.AppRunner(create_app(), access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, int(runner.addresses[0][1])
