"""`bot check --links`: addresses in the calendar that lead nowhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

from bot.domain.post import Post
from bot.domain.problem import Problem, Severity
from bot.engine.reachable import ANSWERED, Found, Reach, ask
from bot.i18n import _

LINK_CODES: Final = frozenset({"dead-link", "link-moved", "link-private", "link-silent"})
BUDGET_S: Final = 60.0  # for all addresses together
_KEPT_FOR: Final = timedelta(hours=24)
_IN_TEXT: Final = re.compile(r"https?://[\w./?=&%#:~+@!$'*,;-]+", re.ASCII)


async def check_links(
    posts: Sequence[Post],
    *,
    now: datetime,
    cache_file: Path | None = None,
    private: bool = False,
    budget_s: float = BUDGET_S,
) -> list[Problem]:
    """What is wrong with the addresses of the posts; each is asked once, and again after a day.

    `private` also asks addresses within the office's own network. Without a network there is one
    note and nothing else. `cache_file` is JSON and may be deleted at any time.
    """
    wanted = [(post, url) for post in posts for url in dict.fromkeys(links_of(post))]
    known = _remembered(cache_file, now) if cache_file is not None else {}
    unknown = dict.fromkeys(url for _post, url in wanted if url not in known)
    asked = await ask(unknown, private=private, budget_s=budget_s)
    if cache_file is not None:
        _remember(cache_file, known, asked, now)
    found = {url: each for url, (_at, each) in known.items()} | dict(asked)
    if not _connected(asked.values()):
        lost = Found(reach=Reach.UNASKED)
        found |= {url: lost for url, each in asked.items() if each.reach is not Reach.PRIVATE}
    problems = [_told(post, url, found[url]) for post, url in wanted]
    late = sum(each.reach is Reach.UNASKED for each in found.values())
    notes = [_unchecked(late)] if late else []
    return [problem for problem in problems if problem is not None] + notes


def links_of(post: Post) -> Iterator[str]:
    """Every web address of the post: in its texts, its fields, its variants, its articles."""
    yield from _web(post.link, post.source_url)
    yield from _of_body(post.body)
    yield from _IN_TEXT.findall(post.text)
    for override in post.overrides.values():
        yield from _web(override.link or "")
        yield from _IN_TEXT.findall(override.text or "")
    for article in post.more:
        yield from _web(article.link)
        yield from _of_body(article.body)


def _web(*urls: str) -> Iterator[str]:
    return (url for url in urls if url.startswith(("http://", "https://")))


def _of_body(body: str) -> Iterator[str]:
    for token in _parser().parse(body):
        for child in token.children or ():
            if child.type == "link_open":
                yield from _web(str(child.attrGet("href") or ""))


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _connected(found: Iterable[Found]) -> bool:
    """False when not one address could be reached: then it is our network that is not there."""
    outside = [each.reach for each in found if each.reach is not Reach.PRIVATE]
    return not outside or any(reach in ANSWERED for reach in outside)


def _told(post: Post, url: str, found: Found) -> Problem | None:
    if found.reach in (Reach.DEAD, Reach.NAMELESS):
        code, severity = "dead-link", Severity.ERROR
        message = _("{post} links to a page that is not there: {url}")
        hint = _("Open it in a browser; correct the address or take it out.")
    elif found.reach is Reach.MOVED:
        code, severity = "link-moved", Severity.WARNING
        message = _("{post} links to a page that has moved to another site: {url} → {more}")
        hint = _("Look whether that is still the right page, and write its new address.")
    elif found.reach is Reach.PRIVATE:
        code, severity = "link-private", Severity.WARNING
        message = _("{post} links into a private network, where readers cannot follow: {url}")
        hint = _("Use the public address. To have such links asked, set check.links_private.")
    elif found.reach is Reach.SILENT:
        code, severity = "link-silent", Severity.WARNING
        message = _("{post} links to a page that gives no usable answer now ({more}): {url}")
        hint = _("Check again later, and open it in a browser.")
    else:
        return None
    said = message.format(post=post.id, url=url[:200], more=found.more[:200])
    return Problem(
        code=code, message=said, hint=hint, severity=severity, place=post.place, post=post.id
    )


def _unchecked(count: int) -> Problem:
    return Problem(
        code="links-unchecked",
        message=_("{count} links could not be checked from here.").format(count=count),
        hint=_("Run `bot check --links` where the internet can be reached."),
        severity=Severity.INFO,
    )


_Known = Mapping[str, tuple[datetime, Found]]


def _remembered(file: Path, now: datetime) -> _Known:
    """The answers of the last day; nothing when the file is gone or not ours."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        known = {
            str(url): (
                datetime.fromisoformat(entry["at"]),
                Found(reach=Reach(entry["reach"]), more=str(entry["more"])),
            )
            for url, entry in entries.items()
        }
        return {
            url: (at, each)
            for url, (at, each) in known.items()
            if timedelta(0) <= now - at < _KEPT_FOR
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _remember(file: Path, known: _Known, asked: Mapping[str, Found], now: datetime) -> None:
    """Keeps what was answered; what was not is asked again next time."""
    fresh = {url: (now, each) for url, each in asked.items() if each.reach in ANSWERED}
    entries = {
        url: {"at": at.isoformat(), "reach": each.reach.value, "more": each.more}
        for url, (at, each) in {**known, **fresh}.items()
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        made = file.with_suffix(".new")
        made.write_text(json.dumps(entries, ensure_ascii=False, indent=1), encoding="utf-8")
        made.replace(file)
    except OSError:
        return  # then it is asked again
