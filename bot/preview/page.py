"""The page of a preview: one file, nothing from outside, nothing that runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters.looks.parts import shared_css
from bot.contract import Screen
from bot.domain import words
from bot.domain.post import Kind, Post
from bot.domain.problem import Problem
from bot.domain.roster import Roster
from bot.i18n import _
from bot.preview import panel
from bot.preview.frames import Frame, Preview
from bot.preview.panel import day

# Nothing runs and nothing is fetched, whatever a text holds; styles are part of the page. Only a
# page that is served plays videos, from where it came from.
_POLICY = (
    "default-src 'none'; img-src data:; media-src {media}; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
# By this a page is known as one that may be written anew.
MARK = '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta name="generator" content="bot preview">'
_PAGE = """{mark}
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{css}</style>
</head>
<body>
{body}
</body>
</html>
"""
_GLASS = (
    '<div class="status"><span>{clock}</span><i class="eye"></i><span class="signal">'
    "<i></i><i></i><i></i><b></b></span></div>"
)


def page(made: Preview, roster: Roster, zone: ZoneInfo, *, served: bool = False) -> str:
    """The whole page of a post."""
    frames = list(enumerate(made.frames, 1))
    body = "".join(
        [
            _head(made, zone),
            _accounts(made.frames, roster) if len(made.frames) > 1 else "",
            '<main id="frames">',
            *(_part(kind, list(group), roster, zone) for kind, group in groupby(frames, _kind)),
            _nobody() if not frames else "",
            "</main>",
        ]
    )
    styles = dict.fromkeys(screen.css for frame in made.frames for screen in frame.screens)
    return _whole(made.post.title, body, "".join(styles), served=served)


def faults(post: str, problems: Iterable[Problem], *, served: bool = False) -> str:
    """A page for a post that cannot be shown: what is wrong with it."""
    said = panel.problems((problem, ()) for problem in problems)
    text = _("{post} cannot be shown yet").format(post=post)
    head = f'<header class="head"><h1>{escape(text)}</h1>{said}</header>'
    return _whole(post, head, "", served=served)


_BARE = "body{padding:14px}.row{justify-content:center}"


def phones(
    title: str, screens: Iterable[Screen], platform: str, at: datetime, zone: ZoneInfo
) -> str:
    """A page of nothing but what one account shows."""
    shown = list(screens)
    body = "".join(_phone(screen, words.platform(platform), at, zone) for screen in shown)
    styles = "".join(dict.fromkeys(screen.css for screen in shown))
    return _whole(title, f'<main class="row">{body}</main>', styles + _BARE, served=False)


def _whole(title: str, body: str, styles: str, *, served: bool) -> str:
    policy = _POLICY.format(media="'self'" if served else "'none'")
    heading = _("Preview: {title}").format(title=title)
    return _PAGE.format(
        mark=MARK,
        policy=escape(policy),
        title=escape(heading),
        css=_css() + shared_css() + styles,
        body=body,
    )


@cache
def _css() -> str:
    return Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def _kind(numbered: tuple[int, Frame]) -> Kind:
    return numbered[1].kind


def _head(made: Preview, zone: ZoneInfo) -> str:
    post = made.post
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>"
        for name, text in _facts(post, zone)
        if text
    )
    said_first, dark = escape(_("Preview; nothing is published.")), escape(_("Dark phones"))
    said = panel.problems((problem, ()) for problem in made.problems)
    return (
        f'<header class="head"><p class="small">{said_first}'
        f'<label class="switch"><input type="checkbox" id="dark"> {dark}</label></p>'
        f'<h1>{escape(post.title)}</h1><dl class="facts">{facts}</dl>{said}</header>'
    )


def _facts(post: Post, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    yield _("post"), f"{post.id}　{post.place}" if post.place.file else post.id
    yield _("planned time"), day(post.due_at, zone)
    yield _("column"), post.column
    yield _("author"), post.author
    yield _("reviewer"), post.reviewer
    yield _("source"), "　".join(filter(None, [post.source, post.source_url]))
    if post.key is not None:
        yield (
            _("key item"),
            _("reprint by {moment}").format(moment=day(post.due_at + post.key.deadline, zone)),
        )
        yield (
            _("exempt"),
            "、".join(f"{unit}（{why}）" for unit, why in sorted(post.key.exempt.items())),
        )
    if post.ai_generated:
        yield _("AI"), _("has AI-made content and must say so")


def _accounts(frames: Sequence[Frame], roster: Roster) -> str:
    """The units with links to what each of their accounts shows."""
    links: dict[str, list[str]] = {}
    for number, frame in enumerate(frames, 1):
        for showing in frame.showings:
            account = showing.want.account
            platform = escape(words.platform(account.platform))
            link = f'<a href="#f{number}" title="{escape(account.name)}">{platform}</a>'
            links.setdefault(account.unit, []).append(link)
    items = "".join(
        f"<li><b>{escape(roster.units[unit].short or roster.units[unit].name)}</b> "
        f"{' '.join(found)}</li>"
        for unit, found in links.items()
    )
    count = sum(len(frame.showings) for frame in frames)
    heading = _("{accounts} accounts, {looks} looks").format(accounts=count, looks=len(frames))
    name, opened = _("Accounts"), " open" if len(links) <= 2 else ""
    return (
        f'<nav class="units" aria-label="{escape(name)}"><details{opened}>'
        f"<summary>{escape(heading)}</summary><ul>{items}</ul></details></nav>"
    )


def _part(kind: Kind, frames: list[tuple[int, Frame]], roster: Roster, zone: ZoneInfo) -> str:
    names = {Kind.ORIGINAL: _("First release"), Kind.REPRINT: _("Reprints")}
    shown = "".join(_frame(number, frame, roster, zone) for number, frame in frames)
    name = kind.value
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(names[kind])}</h2>'
        f'<div class="row">{shown}</div></section>'
    )


def _frame(number: int, frame: Frame, roster: Roster, zone: ZoneInfo) -> str:
    platform = words.platform(frame.platform)
    due_at = frame.showings[0].want.due_at
    phones = "".join(_phone(screen, platform, due_at, zone) for screen in frame.screens)
    wide = "" if len(frame.screens) == 1 else " wide"
    return (
        f'<article class="frame{wide}" id="f{number}" aria-labelledby="n{number}">'
        f'<h3 id="n{number}">{escape(platform)}{panel.badges(frame)}</h3>'
        f'<div class="phones">{phones}</div>{panel.panel(frame, roster, zone)}</article>'
    )


def _phone(screen: Screen, platform: str, at: datetime, zone: ZoneInfo) -> str:
    label = escape(" · ".join(filter(None, [platform, screen.note])))
    note = f"<figcaption>{escape(screen.note)}</figcaption>" if screen.note else ""
    bar = _GLASS.format(clock=f"{at.astimezone(zone):%H:%M}")
    return (
        f'<figure class="phone{" night" if screen.dark else ""}"><div class="glass">{bar}'
        f'<div class="screen" tabindex="0" role="region" aria-label="{label}">{screen.content}'
        f"</div></div>{note}</figure>"
    )


def _nobody() -> str:
    text = _("No account shows this post; see the problems above.")
    return f'<p class="nobody">{escape(text)}</p>'
