"""Where the bot may call other programs: not just anywhere, for an address is what somebody typed.

The office's own network is allowed, this machine and what clouds keep at fixed addresses is not:
who may enter an address must not reach what listens for the bot alone.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from bot.i18n import _

URL_MAX = 500
# Beside link-local 169.254.169.254: where Alibaba Cloud and AWS (IPv6) keep machines' secrets.
# https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
_METADATA = frozenset({"100.100.100.200", "fd00:ec2::254"})


class NotAllowed(OSError):
    """The name leads where the bot does not call."""


def url_fault(url: str, *, this_machine: bool) -> str:
    """What is wrong with an address as it is typed; "" when it may be tried."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return _("This is no web address.")
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if parts.scheme not in {"https", "http"} or not host or not plain or len(url) > URL_MAX:
        return _("Write a web address that begins with https://, in plain letters.")
    if parts.username or parts.password:
        return _("The address must not hold a name or password.")
    if "#" in url:
        return _("The address must not hold a “#”.")
    literal = _literal(host)
    if host == "localhost" and not this_machine:
        return _("The bot does not call its own machine (see docs/settings.md, webhooks).")
    if literal and not allowed(literal, secure=parts.scheme == "https", this_machine=this_machine):
        return _("The bot does not call this address (see docs/webhooks.md).")
    return ""


def _literal(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return ""


def allowed(address: str, *, secure: bool, this_machine: bool) -> bool:
    """True for an IP address that may be called; over plain http only within the office."""
    found = _bare(address)
    if found.is_loopback:
        return this_machine
    if str(found) in _METADATA or found.is_link_local or found.is_multicast:
        return False
    if found.is_unspecified or found.is_reserved:
        return False
    return secure or found.is_private


def _bare(address: str) -> IPv4Address | IPv6Address:
    found = ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


class Guard(AbstractResolver):
    """Looks names up, and refuses at the moment they would be connected to."""

    def __init__(self, *, secure: bool, this_machine: bool) -> None:
        self._inner = DefaultResolver()
        self._secure = secure
        self._this_machine = this_machine

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not all(self._allows(found)):
            raise NotAllowed(host)
        return found

    def _allows(self, found: list[ResolveResult]) -> Iterator[bool]:
        for each in found:
            yield allowed(each["host"], secure=self._secure, this_machine=self._this_machine)

    async def close(self) -> None:
        await self._inner.close()
