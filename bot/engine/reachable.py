"""Whether web addresses answer, asked politely and never within a private network by mistake."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

_AT_ONCE: Final = 8
_PER_HOST: Final = 2
_TIMEOUT_S: Final = 5.0
_HOPS: Final = 5
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD: Final = frozenset({301, 308})
_GONE: Final = frozenset({404, 410})
_HEADERS: Final = {"User-Agent": "xuanfa-bot (link check)", "Accept": "*/*"}


class Reach(StrEnum):
    """What became of an address."""

    OPEN = "open"  # it answers; that it wants a login or has enough of robots is no fault of ours
    DEAD = "dead"  # there is no such page
    MOVED = "moved"  # for good, to another site
    PRIVATE = "private"  # within a private network, and not asked
    NAMELESS = "nameless"  # its host's name is not known
    SILENT = "silent"  # no usable answer this time
    UNASKED = "unasked"  # the time was over


ANSWERED: Final = frozenset({Reach.OPEN, Reach.DEAD, Reach.MOVED})


@dataclass(frozen=True, kw_only=True)
class Found:
    """What became of one address, and more about it: a status, the new address, …"""

    reach: Reach
    more: str = ""


class _PrivateError(OSError):
    """The name leads into a private network."""


class _PublicOnly(AbstractResolver):
    """Looks names up, and refuses private addresses at the moment they would be connected to."""

    def __init__(self) -> None:
        self._inner = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not all(is_public(each["host"]) for each in found):
            raise _PrivateError(host)
        return found

    async def close(self) -> None:
        await self._inner.close()


def is_public(address: str) -> bool:
    """True for an IP address anybody can reach; names are nobody's yet."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_global


async def ask(urls: Iterable[str], *, private: bool, budget_s: float) -> Mapping[str, Found]:
    """What became of each address, within `budget_s` seconds in all.

    `private` also asks addresses within a private network. Never raises for what a site does.
    """
    wanted = list(dict.fromkeys(urls))
    found = dict.fromkeys(wanted, Found(reach=Reach.UNASKED))
    async with _session(private=private) as session:
        asker = _Asker(session, private=private)

        async def one(url: str) -> None:
            found[url] = await asker.ask(url)

        tasks = [asyncio.create_task(one(url)) for url in wanted]
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=budget_s)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return found


@asynccontextmanager
async def _session(*, private: bool) -> AsyncIterator[aiohttp.ClientSession]:
    # Proxies of the environment are not used: what they reach is not what readers reach.
    connector = aiohttp.TCPConnector(
        limit=_AT_ONCE, resolver=None if private else _PublicOnly(), force_close=True
    )
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    cookies = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=cookies, headers=_HEADERS
    ) as session:
        yield session


class _Asker:
    def __init__(self, session: aiohttp.ClientSession, *, private: bool) -> None:
        self._session = session
        self._private = private
        self._all = asyncio.Semaphore(_AT_ONCE)
        self._hosts: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_PER_HOST)
        )

    async def ask(self, url: str) -> Found:
        """What became of the address."""
        async with self._hosts[_host(url)], self._all:
            try:
                return await self._follow(url)
            except aiohttp.ClientConnectorDNSError as error:
                if isinstance(error.os_error, _PrivateError):
                    return Found(reach=Reach.PRIVATE)
                return Found(reach=Reach.NAMELESS)
            except aiohttp.InvalidURL:
                return Found(reach=Reach.DEAD)
            except TimeoutError:
                return Found(reach=Reach.SILENT, more=f"{_TIMEOUT_S:g} s")
            except (aiohttp.ClientError, OSError, ValueError) as error:
                return Found(reach=Reach.SILENT, more=type(error).__name__)

    async def _follow(self, url: str) -> Found:
        at, left = url, False
        for _hop in range(_HOPS + 1):
            if not self._private and not is_public(_host(at)):
                return Found(reach=Reach.PRIVATE)
            status, target = await self._status(at)
            if not target:
                return _judged(status, at, left=left)
            target = urljoin(at, target)
            if not target.startswith(("http://", "https://")):
                return Found(reach=Reach.SILENT, more=str(status))
            left = left or (status in _FOR_GOOD and _site(at) != _site(target))
            at = target
        return Found(reach=Reach.SILENT, more="302 …")

    async def _status(self, url: str) -> tuple[int, str]:
        """The answer's status and where it sends on to."""
        status, target = 405, ""
        try:
            async with self._session.head(url, allow_redirects=False) as answer:
                status, target = answer.status, _target(answer)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError):
            pass  # some servers do so on HEAD
        if status < 400:
            return status, target
        # Not all servers know HEAD, and some take it for an attack; one byte of the page will do.
        headers = {"Range": "bytes=0-0"}
        async with self._session.get(url, allow_redirects=False, headers=headers) as answer:
            return answer.status, _target(answer)


def _target(answer: aiohttp.ClientResponse) -> str:
    return answer.headers.get("Location", "") if answer.status in _MOVED else ""


def _judged(status: int, at: str, *, left: bool) -> Found:
    if status in _GONE:
        return Found(reach=Reach.DEAD, more=str(status))
    if status >= 500:
        return Found(reach=Reach.SILENT, more=str(status))
    return Found(reach=Reach.MOVED, more=at) if left else Found(reach=Reach.OPEN)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _site(url: str) -> str:
    return _host(url).removeprefix("www.")
