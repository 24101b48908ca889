"""A server that takes every status and checks nothing: how fast the client alone can be."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import signal

from aiohttp import web

_NUMBERS = itertools.count(5_000_000_000_000_000)
_CREATED = "Wed May 06 12:00:00 +0800 2026"


async def _share(request: web.Request) -> web.Response:
    await request.read()
    text = f'{{"idstr": "{next(_NUMBERS)}", "created_at": "{_CREATED}", "text": ""}}'
    return web.Response(text=text, content_type="application/json")


async def _control(request: web.Request) -> web.Response:
    return web.json_response({})


async def _serve() -> None:
    app = web.Application()
    app.router.add_route("*", "/_sim/{path:.*}", _control)
    app.router.add_post("/weibo/2/statuses/share.json", _share)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0, help="always a free one")
    parser.parse_args()
    asyncio.run(_serve())
