"""Who knocks at doors that are not there: told apart by address, and slowed down."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from ipaddress import ip_address

from aiohttp import web

_TRIES = 20  # wrong addresses of one visitor …
_WINDOW = timedelta(minutes=10)  # … within this time
_VISITORS = 10_000  # remembered at once


class Strangers:
    """Counts the wrong links each visitor tries. Right ones are never counted and never refused."""

    def __init__(self) -> None:
        self._tries: Counter[str] = Counter()
        self._until: datetime | None = None

    def too_many(self, address: str, now: datetime) -> bool:
        """Counts one more; True when the visitor has had enough of them."""
        if self._until is None or now >= self._until or len(self._tries) >= _VISITORS:
            self._tries.clear()
            self._until = now + _WINDOW
        self._tries[address] += 1
        return self._tries[address] > _TRIES


def address_of(request: web.Request) -> str:
    """The visitor's network address; behind a proxy on this machine the one the proxy saw."""
    direct, forwarded = request.remote or "", _told_last(request, "X-Forwarded-For")
    return forwarded if _is_address(forwarded) and _is_here(direct) else direct


def is_encrypted(request: web.Request) -> bool:
    """True when the visitor's line is; behind a proxy on this machine the one the proxy serves."""
    told = _told_last(request, "X-Forwarded-Proto").lower()
    return request.secure or (told == "https" and _is_here(request.remote or ""))


def _told_last(request: web.Request, name: str) -> str:
    """What the proxy itself said: visitors can put anything before it, in lines of its own too."""
    return ",".join(request.headers.getall(name, ())).rpartition(",")[2].strip()


def _is_here(address: str) -> bool:
    return _is_address(address) and ip_address(address).is_loopback


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return text.isascii()  # behind the “%” of an address of IPv6 anything may stand
