"""A site that is read through what it publishes about itself, while a person publishes on it.

The account's option `feed` is the address of an RSS, Atom or JSON feed, of a sitemap, or of a page
that names one. Where a site has none of these, `links` (CSS) finds the articles on its column page;
`text` (CSS) says where an article's body is, if it is not found without.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import ClassVar, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from adapters.handoff.adapter import HandoffAdapter, HandoffConfig
from adapters.http import Origin
from adapters.website.config import WebsiteConfig
from adapters.website.feeds import Entry, Listing, NoList, listing
from adapters.website.fetch import Fetcher
from adapters.website.page import Page, bare_host, is_web, read_page
from bot.contract import Capabilities, Item, Tools
from bot.domain.quota import READ, Budget, Period
from bot.domain.roster import Account
from bot.errors import ContractBroken, PlatformError, Unavailable
from bot.i18n import _

V = TypeVar("V")
PLATFORM = "website"
_PAGES_KEPT = 500
_OLD_IN_A_ROW = 3  # so many articles too old, one after the other: the rest is older still
_TRIES = 3  # a page that fails so often is listed by what the list says of it


@dataclass
class _Reading:
    """How far one reading has come."""

    since: datetime
    now: datetime
    left: int  # article pages it may still fetch
    old: int = 0  # articles in a row that are too old


class ReadWebsite(HandoffAdapter):
    """One institution's site: read by its lists, published by a person."""

    name: ClassVar[str] = PLATFORM
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="官网（可读取）",
        publishes=False,
        article=True,
        recent=True,
        recent_limit=10,  # most feeds list the newest ten
        # Not a site's limit but our manners: every two hours, with room for people who ask.
        budgets=(Budget(action=READ, limit=24, period=Period.DAY),),
    )
    Config: ClassVar[type[BaseModel]] = WebsiteConfig

    def __init__(self, account: Account, tools: Tools, config: WebsiteConfig) -> None:
        super().__init__(account, tools, HandoffConfig())
        self._config = config
        self._zone = ZoneInfo(config.timezone)
        self._fetch = Fetcher(tools, config, platform=PLATFORM)
        self._list_url = ""  # where the list was found, so that it is not searched every time
        self._pages: OrderedDict[str, Page] = OrderedDict()
        self._first_seen: OrderedDict[str, datetime] = OrderedDict()
        self._failures: Counter[str] = Counter()
        self._owed: datetime | None = None  # an earlier reading did not get back to here

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """What the site's list has, newest first, with the text of what is new.

        Ends early when the article pages of one reading are used up; the next one goes on. Raises
        ContractBroken when there is no list, and as `Fetcher.get` does.
        """
        reading = _Reading(
            since=min(since, self._owed or since),
            now=self._tools.clock.now(),
            left=self._config.pages,
        )
        found = await self._listing(reading.since)
        cut = False
        for entry in found.entries:
            if reading.old >= _OLD_IN_A_ROW and entry.published is None:
                break
            if found.sitemap and (entry.changed is None or entry.changed.at < reading.since):
                continue
            if self._page_needed(entry, reading) and entry.url not in self._pages:
                if reading.left <= 0:
                    cut = True
                    break
                reading.left -= 1
                await self._read_page(entry.url)
            item = self._item(entry, reading, sitemap=found.sitemap)
            if item is not None:
                yield item
        self._owed = reading.since if cut else None

    def _page_needed(self, entry: Entry, reading: _Reading) -> bool:
        if entry.published is not None and entry.published.at < reading.since:
            return False  # known since an earlier reading
        ours = self._is_ours(entry.url) and self._failures[entry.url] < _TRIES
        return ours and not (entry.whole and entry.published is not None)

    def _is_ours(self, url: str) -> bool:
        try:
            here, there = urlsplit(self._address()).hostname or "", urlsplit(url).hostname or ""
        except ValueError:
            return False
        site = bare_host(here)
        return there != "" and (bare_host(there) == site or there.endswith(f".{site}"))

    async def _read_page(self, url: str) -> None:
        try:
            got = await self._fetch.get(url, action="article")
            selector = self._account.options.get("text", "")
            page = await asyncio.to_thread(read_page, got.text(), got.url, self._zone, selector)
        except ContractBroken:
            self._failures[url] = _TRIES  # gone, forbidden or too large: the list must do
            return
        except Unavailable:
            self._failures[url] += 1
            if self._failures[url] < _TRIES:
                raise
            return
        except ValueError as error:
            raise self._broken(_('The option "text" is no CSS selector.')) from error
        _keep(self._pages, url, page)

    def _item(self, entry: Entry, reading: _Reading, *, sitemap: bool) -> Item | None:
        """The entry with what its page says; None for a page of a sitemap that is no article."""
        page = self._pages.get(entry.url)
        if sitemap and (page is None or not page.labelled):
            return None
        title = entry.title or (page.title if page else "")
        at = self._published_at(entry, page, reading.now)
        is_old = at < reading.since
        reading.old = reading.old + 1 if is_old else 0
        text = page.text if page is not None and len(page.text) > len(entry.text) else entry.text
        if is_old and page is None and not entry.whole:
            text = ""  # the beginning alone must not replace the whole text read earlier
        here = self._is_ours(entry.url)
        return Item(
            platform_id=entry.url,
            url=entry.url if is_web(entry.url) else "",
            title=title,
            text=text,
            published_at=at,
            source_url=entry.source_url or (page.source_url if page else "" if here else entry.url),
        )

    def _published_at(self, entry: Entry, page: Page | None, now: datetime) -> datetime:
        """The list's time, else the page's; never in the future, and else when it was first seen.

        A time to the minute wins over a day alone.
        """
        told = [one for one in (entry.published, page.published if page else None) if one]
        best = next((one for one in told if one.exact), told[0] if told else None)
        if best is None or best.at > now:
            return _keep(self._first_seen, entry.url, self._first_seen.get(entry.url, now))
        return best.at

    async def _listing(self, since: datetime) -> Listing:
        """The site's list, searched once and then remembered, with as many pages as needed."""
        address = self._list_url or self._address()
        try:
            found, where = await self._search(address)
        except PlatformError:
            self._list_url = ""
            raise
        self._list_url = where
        if found.parts:
            return await self._sitemap_parts(found.parts, since)
        if found.sitemap:
            return self._sorted(found.entries)
        entries = list(found.entries)
        if found.paged:
            entries += await self._older(where, entries, since)
        return Listing(entries=tuple(_newest_first(entries)))

    async def _search(self, address: str) -> tuple[Listing, str]:
        found = await self._get_list(address)
        if not found.page or found.entries:
            return found, address
        for other in [*found.found, *await self._fetch.sitemaps(address)]:
            try:
                listed = await self._get_list(other)
            except ContractBroken:
                continue
            if not listed.page:
                return listed, other
        raise self._broken(_("{url} names no feed and no sitemap.").format(url=address))

    async def _get_list(self, url: str) -> Listing:
        got = await self._fetch.get(url, action="feed", remember=True)
        links = self._account.options.get("links", "")
        try:
            return await asyncio.to_thread(listing, got.text(), got.url, self._zone, links)
        except NoList as error:
            raise self._broken(_("{url} is no list of articles.").format(url=url)) from error

    async def _older(self, url: str, entries: Sequence[Entry], since: datetime) -> list[Entry]:
        """Further pages of a WordPress feed, as long as all of the last one is new."""
        more: list[Entry] = []
        last = entries
        for page in range(2, self._config.feed_pages + 1):
            if not last or not all(e.published and e.published.at >= since for e in last):
                break
            try:
                found = await self._get_list(f"{url}{'&' if '?' in url else '?'}paged={page}")
            except ContractBroken:
                break  # past the last page WordPress answers 404
            last = found.entries
            more += last
        return more

    async def _sitemap_parts(self, parts: Sequence[Entry], since: datetime) -> Listing:
        wanted = [p for p in parts if p.changed is None or p.changed.at >= since]
        wanted.sort(key=lambda p: p.changed.at if p.changed else since, reverse=True)
        entries: list[Entry] = []
        for part in wanted[: self._config.sitemaps]:
            entries += (await self._get_list(part.url)).entries
        return self._sorted(entries)

    def _sorted(self, entries: Sequence[Entry]) -> Listing:
        dated = [entry for entry in entries if entry.changed is not None]
        if entries and not dated:
            raise self._broken(_("The sitemap does not say when its pages changed."))
        dated.sort(key=lambda e: e.changed.at.timestamp() if e.changed else 0.0, reverse=True)
        return Listing(entries=tuple(dated), sitemap=True)

    def _address(self) -> str:
        if self._config.base_url:
            return f"{self._config.base_url.rstrip('/')}/{self._account.id}/"
        address = self._account.options.get("feed", "")
        if not address:
            raise self._broken(
                _('{account} has no option "feed".').format(account=self._account.name)
            )
        return address

    def _broken(self, message: str) -> ContractBroken:
        return Origin(platform=PLATFORM, action="feed", effect=False).error(
            ContractBroken,
            message,
            advice=_(
                "Enter the address of the site's feed or sitemap in the account's option \"feed\", "
                'or say with the option "links" where its column page has the articles.'
            ),
        )


def _keep(memory: OrderedDict[str, V], url: str, value: V) -> V:
    memory[url] = value
    memory.move_to_end(url)
    while len(memory) > _PAGES_KEPT:
        memory.popitem(last=False)
    return value


def _newest_first(entries: Sequence[Entry]) -> list[Entry]:
    """As the site lists them, each once; the other way round for a list that begins with old ones.

    Not sorted: an old article may be pinned on top, and then the list's end still tells how far
    back it goes.
    """
    each = list({entry.url: entry for entry in entries}.values())
    dated = [entry.published.at for entry in each if entry.published]
    rising = len(dated) > 1 and all(a <= b for a, b in pairwise(dated))
    return each[::-1] if rising and dated[0] < dated[-1] else each
