"""A running simulator on loopback, and a client for each of its accounts."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.simulator import create_app
from tests.bot.simulator.client import (
    CENTRE,
    CLIPS,
    FLAGSHIP,
    HOSPITAL,
    START,
    STRANGER,
    UNIT,
    Douyin,
    Sim,
    Wechat,
    Weibo,
)


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    """A simulator whose virtual clock stands at `START`, with one account of each sort."""
    runner = web.AppRunner(create_app(start=START), shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as http:
        running = Sim(base=base, http=http)
        everyone = [HOSPITAL, CENTRE, FLAGSHIP, UNIT, STRANGER, CLIPS]
        await running.control("POST", "accounts", {"accounts": everyone})
        yield running
    await runner.cleanup()


async def _signed_in(sim: Sim, account: Mapping[str, Any]) -> Wechat:
    body = {
        "grant_type": "client_credential",
        "appid": account["appid"],
        "secret": account["secret"],
    }
    reply = await sim.call("POST", "/wechat/cgi-bin/stable_token", json=body)
    return Wechat(sim=sim, token=reply.body["access_token"])


@pytest.fixture
async def hospital(sim: Sim) -> Wechat:
    """A subscription account with a token."""
    return await _signed_in(sim, HOSPITAL)


@pytest.fixture
async def centre(sim: Sim) -> Wechat:
    """A service account with a token."""
    return await _signed_in(sim, CENTRE)


@pytest.fixture
def flagship(sim: Sim) -> Weibo:
    """The user everybody reposts."""
    return Weibo(sim=sim, token="2.00flag")


@pytest.fixture
def unit(sim: Sim) -> Weibo:
    """A user of the same app."""
    return Weibo(sim=sim, token="2.00unit")


@pytest.fixture
def stranger(sim: Sim) -> Weibo:
    """A user of another app."""
    return Weibo(sim=sim, token="2.00strange")


@pytest.fixture
def clips(sim: Sim) -> Douyin:
    """The Douyin account."""
    return Douyin(sim=sim)
