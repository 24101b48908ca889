"""Getting pages politely: robots.txt, one request at a time, limits, and validators.

Only the institution's own public pages are asked for, slowly, with a User-Agent that names the
office. A site that answers with a challenge is left alone.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import zlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urljoin, urlsplit

import aiohttp
from protego import Protego

from adapters.http import Origin
from adapters.website.config import WebsiteConfig
from adapters.website.decode import decoded
from adapters.website.page import bare_host
from bot.clock import retry_at
from bot.contract import Tools
from bot.domain import words
from bot.errors import ContractBroken, PlatformError, RateLimited, Unavailable
from bot.i18n import _

_ROBOTS_BYTES = 512_000  # RFC 9309 asks readers to take at least 500 kibibytes
_KEPT = 200  # validators of so many addresses are remembered
_MOVED = frozenset({301, 302, 303, 307, 308})
_GZIP = b"\x1f\x8b"
_PIECE = 1 << 16
_DELAY_MAX_S = 10.0  # a longer Crawl-delay would hold up all other readings


@dataclass(frozen=True, kw_only=True)
class Got:
    """What a site answered."""

    url: str  # where it came from in the end
    raw: bytes
    content_type: str
    charset: str
    fresh: bool  # False: 304, or the same bytes as last time

    def text(self) -> str:
        """The body as text."""
        return decoded(self.raw, self.charset)


@dataclass(frozen=True, kw_only=True)
class _Known:
    """An answer that can be asked for again under the condition that it changed."""

    got: Got
    etag: str
    modified: str


@dataclass(frozen=True, kw_only=True)
class _Robots:
    rules: Protego | None  # None: everything is allowed
    delay_s: float  # what the site asks for between two requests
    until: datetime


class Fetcher:
    """Reads public pages for one account. Its memory lasts as long as it does."""

    def __init__(self, tools: Tools, config: WebsiteConfig, *, platform: str) -> None:
        self._tools = tools
        self._config = config
        self._platform = platform
        self._lock = asyncio.Lock()  # one request at a time
        self._last_s = 0.0  # by the loop's clock
        self._gap_s = config.gap_s
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._robots: dict[str, _Robots] = {}
        self._timeout = aiohttp.ClientTimeout(total=config.page_timeout_s)

    async def get(self, url: str, *, action: str, remember: bool = False) -> Got:
        """The page at `url`; with `remember` it is asked for again only if it has changed.

        Errors: ContractBroken for an address that may not or cannot be read, a redirect to
        another site and an answer that is too large; RateLimited for 429 and 503 with a time;
        Unavailable while the site does not answer.
        """
        origin = Origin(platform=self._platform, action=action, effect=False)
        async with self._lock:
            await self._allowed(url, origin)
            return await self._get(url, origin, remember=remember)

    async def sitemaps(self, url: str) -> list[str]:
        """The sitemaps that robots.txt of this site names."""
        origin = Origin(platform=self._platform, action="robots.txt", effect=False)
        async with self._lock:
            rules = await self._rules(url, origin)
        return list(rules.sitemaps) if rules is not None else []

    async def _get(self, url: str, origin: Origin, *, remember: bool) -> Got:
        known = self._known.get(url) if remember else None
        headers = {"User-Agent": self._config.user_agent, "Accept-Encoding": "gzip, deflate"}
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        if known is not None and known.modified:
            headers["If-Modified-Since"] = known.modified
        at = url
        for _hop in range(self._config.redirects + 1):
            answer, got, target = await self._once(at, headers, origin)
            if not target:
                return self._remembered(url, answer, got, known, remember=remember)
            self._same_site(at, target, origin)
            await self._allowed(target, origin)
            at = target
        raise origin.error(ContractBroken, _("{url} redirects too often.").format(url=url))

    def _remembered(
        self,
        url: str,
        answer: aiohttp.ClientResponse,
        got: Got,
        known: _Known | None,
        *,
        remember: bool,
    ) -> Got:
        if answer.status == 304 and known is not None:
            return replace(known.got, fresh=False)
        if known is not None and known.got.raw == got.raw:
            got = replace(got, fresh=False)  # servers side by side give different ETags
        if remember:
            etag, modified = (answer.headers.get(n, "") for n in ("ETag", "Last-Modified"))
            self._known[url] = _Known(got=got, etag=etag, modified=modified)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return got

    async def _once(
        self, url: str, headers: dict[str, str], origin: Origin
    ) -> tuple[aiohttp.ClientResponse, Got, str]:
        """One request; the third part is where it redirects to, "" if it does not."""
        await self._reachable(url, origin)
        await self._keep_pace(origin)
        await self._wait_turn()
        try:
            async with self._tools.session.get(
                url, headers=headers, allow_redirects=False, timeout=self._timeout
            ) as answer:
                if answer.status in _MOVED and answer.headers.get("Location"):
                    return answer, _nothing(url), urljoin(url, answer.headers["Location"])
                raw = await self._body(answer, origin)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _no_answer(origin, url, error) from error
        self._check(answer, raw, replace(origin, status=answer.status, head=raw[:500]), url)
        got = Got(
            url=url,
            raw=raw,
            content_type=answer.content_type,
            charset=answer.charset or "",
            fresh=True,
        )
        return answer, got, ""

    async def _body(self, answer: aiohttp.ClientResponse, origin: Origin) -> bytes:
        """The body, unpacked; what unpacks to too much is a bomb or no list of articles."""
        pieces, size = [], 0
        async for piece in answer.content.iter_chunked(_PIECE):
            size += len(piece)
            if size > self._config.page_bytes:
                raise self._too_large(str(answer.url), origin)
            pieces.append(piece)
        raw = b"".join(pieces)
        if not raw.startswith(_GZIP):
            return raw
        # sitemap.xml.gz: a file that is packed, not a packed answer.
        unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            plain = unpack.decompress(raw, self._config.page_bytes + 1)
        except zlib.error as error:
            message = _("{url} cannot be unpacked.").format(url=answer.url)
            raise origin.error(ContractBroken, message) from error
        if len(plain) > self._config.page_bytes:
            raise self._too_large(str(answer.url), origin)
        return plain

    def _too_large(self, url: str, origin: Origin) -> PlatformError:
        message = _("{url} is larger than {limit} bytes.")
        return origin.error(ContractBroken, message.format(url=url, limit=self._config.page_bytes))

    def _check(self, answer: aiohttp.ClientResponse, raw: bytes, origin: Origin, url: str) -> None:
        if answer.status in (200, 304):
            return
        if answer.status in (429, 503):
            raise self._later(answer, origin, url)
        message = _("{url} answered with HTTP {status}.").format(url=url, status=answer.status)
        if answer.status >= 500:
            raise origin.error(Unavailable, message)
        raise origin.error(
            ContractBroken,
            message,
            advice=_(
                "Open the address in a browser. If the site keeps programs out, ask its owner to "
                "let this one in."
            ),
        )

    def _later(self, answer: aiohttp.ClientResponse, origin: Origin, url: str) -> PlatformError:
        message = _("{url} asks to be read later.").format(url=url)
        found = origin.error(RateLimited, message)
        found.retry_at = retry_at(answer.headers.get("Retry-After", ""), self._tools.clock.now())
        return found

    async def _keep_pace(self, origin: Origin) -> None:
        """Raises RateLimited when the office has set a rate for websites and it is used up."""
        retry_at = None if self._tools.pace is None else await self._tools.pace.take()
        if retry_at is not None:
            message = _("The office's limit for calls to {platform} is reached; nothing was sent.")
            found = origin.error(
                RateLimited, message.format(platform=words.platform(self._platform))
            )
            found.retry_at, found.scope = retry_at, "office"
            raise found

    async def _wait_turn(self) -> None:
        loop = asyncio.get_running_loop()
        left_s = self._last_s + self._gap_s - loop.time()
        if self._last_s and left_s > 0:
            await asyncio.sleep(left_s)
        self._last_s = loop.time()

    async def _reachable(self, url: str, origin: Origin) -> None:
        """Refuses what is no web address, and what lies within the office's own network."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        if parts.scheme not in ("http", "https") or not host:
            message = _("{url} is not the address of a web page.").format(url=url)
            raise origin.error(ContractBroken, message)
        if self._config.inside:
            return
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            message = _("{host} is not known to the network.").format(host=host)
            raise origin.error(Unavailable, message) from error
        if not all(ipaddress.ip_address(one[4][0]).is_global for one in found):
            message = _("{host} lies within a private network and is not read.")
            raise origin.error(
                ContractBroken,
                message.format(host=host),
                advice=_("If that is meant, set platforms.website.inside to true."),
            )

    def _same_site(self, url: str, target: str, origin: Origin) -> None:
        try:
            here, there = urlsplit(url).hostname or "", urlsplit(target).hostname or ""
        except ValueError:
            there = ""
        if not there or bare_host(here) != bare_host(there):
            message = _("{url} leads to another site: {target}").format(url=url, target=target)
            raise origin.error(
                ContractBroken, message, advice=_("Enter the new address in the roster.")
            )

    async def _allowed(self, url: str, origin: Origin) -> None:
        rules = await self._rules(url, origin)
        if rules is not None and not rules.can_fetch(url, self._config.user_agent):
            message = _("robots.txt of the site does not allow {url} to be read.")
            raise origin.error(
                ContractBroken,
                message.format(url=url),
                advice=_("Ask the site's owner to allow it, or to give another address."),
            )

    async def _rules(self, url: str, origin: Origin) -> Protego | None:
        """robots.txt of the site, remembered for a while. https://www.rfc-editor.org/rfc/rfc9309"""
        await self._reachable(url, origin)
        parts = urlsplit(url)
        root, now = f"{parts.scheme}://{parts.netloc}", self._tools.clock.now()
        known = self._robots.get(root)
        if known is None or known.until <= now:
            rules = await self._read_rules(f"{root}/robots.txt", origin)
            until = now + timedelta(seconds=self._config.robots_s)
            asked = rules.crawl_delay(self._config.user_agent) if rules else None
            delay_s = min(float(asked or 0), _DELAY_MAX_S)
            known = self._robots[root] = _Robots(rules=rules, delay_s=delay_s, until=until)
        self._gap_s = max(self._config.gap_s, known.delay_s)
        return known.rules

    async def _read_rules(self, url: str, origin: Origin) -> Protego | None:
        """None when there is none; while the site fails, nothing is allowed (Unavailable)."""
        headers = {"User-Agent": self._config.user_agent}
        at = url
        for _hop in range(self._config.redirects + 1):
            try:
                _answer, got, target = await self._once(at, headers, origin)
            except ContractBroken:
                return None  # 4xx: the site has no rules
            if not target:
                return Protego.parse(got.text()[:_ROBOTS_BYTES])
            at = target
            if bare_host(urlsplit(at).hostname or "") != bare_host(urlsplit(url).hostname or ""):
                return None
        return None


def _nothing(url: str) -> Got:
    return Got(url=url, raw=b"", content_type="", charset="", fresh=True)


def _no_answer(origin: Origin, url: str, error: Exception) -> PlatformError:
    """A site that cannot be reached, or an address that is none (aiohttp says so as ValueError)."""
    if isinstance(error, PlatformError):
        return error
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        message = _("{url} is not the address of a web page.").format(url=url)
        return origin.error(ContractBroken, message)
    return origin.error(Unavailable, _("{url} gives no answer.").format(url=url))
