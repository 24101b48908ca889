"""What a job of every rival does: the one call, then a word to the bench that it is done."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import aiohttp

from bench import load

REDIS = "BENCH_REDIS_URL"
PLATFORM = "BENCH_PLATFORM_URL"
PORT = "BENCH_PORT"
DONE, FAILED = b".", b"!"


def redis_url() -> str:
    """Where the rival's queue is."""
    return os.environ.get(REDIS, "redis://127.0.0.1")


def share_url() -> str:
    """The address of the call."""
    return os.environ[PLATFORM] + load.SHARE


class Teller:
    """Tells the bench of every finished job: one byte, some millionths of a second."""

    def __init__(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", int(os.environ[PORT])))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def tell(self, answer: Mapping[str, object]) -> None:
        """Says whether the platform took the post."""
        self._socket.sendall(DONE if "idstr" in answer else FAILED)


async def share(session: aiohttp.ClientSession, teller: Teller, account: int, post: int) -> None:
    """The job of a rival on asyncio."""
    headers = load.headers_of(account)
    async with session.post(share_url(), data=load.form_of(post), headers=headers) as answer:
        teller.tell(await answer.json())
