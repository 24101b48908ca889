"""A page that shows what a platform will show, in a phone: one file, nothing from outside."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.i18n import _

SCHEMES = frozenset({"data", "file"})  # where pictures may come from
# Nothing runs and nothing is fetched, whatever a text holds; styles are part of the page.
_POLICY = (
    "default-src 'none'; img-src data: file:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{css}</style>
</head>
<body>
<div class="bar"><span>{notice}</span>
<label class="switch"><input type="checkbox" id="dark"> {dark}</label></div>
<main class="desk">{screens}</main>
</body>
</html>
"""
_SCREEN = """
<figure class="phone"><div class="screen"><div class="{kind}">{content}</div></div>
<figcaption>{note}</figcaption></figure>
"""
_MISSING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 343 120"><rect x="1" y="1" width="341" '
    'height="118" fill="#f6f6f6" stroke="#999" stroke-dasharray="6"/><text x="171" y="66" '
    'text-anchor="middle" font-size="14" fill="#555">{text}</text></svg>'
)


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What one phone shows."""

    content: str  # HTML that has been made safe
    note: str = ""  # plain text below the phone, for the office only
    edged: bool = True  # with the margin an article has


def page(title: str, screens: Sequence[Screen]) -> str:
    """The whole page: phones 375 CSS pixels wide beside each other, light and dark, printable."""
    return _PAGE.format(
        policy=html.escape(_POLICY),
        title=html.escape(title),
        css=_css(),
        notice=html.escape(_("A preview, about as on a phone; nothing is published.")),
        dark=html.escape(_("Dark mode")),
        screens="".join(_screen(screen) for screen in screens),
    )


def found(pictures: Mapping[str, str], paths: Sequence[str]) -> dict[str, str]:
    """An address for each of the paths: the given one, or a drawn box that names the path."""
    return {
        path: pictures[path]
        if pictures.get(path, "").startswith(tuple(f"{scheme}:" for scheme in SCHEMES))
        else _missing(path)
        for path in paths
    }


def _missing(path: str) -> str:
    text = _("Picture missing: {path}").format(path=path[-40:])
    drawn = _MISSING.format(text=html.escape(text)).encode()
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"


def _screen(screen: Screen) -> str:
    kind = "inside" if screen.edged else "list"
    return _SCREEN.format(kind=kind, content=screen.content, note=html.escape(screen.note))


@cache
def _css() -> str:
    return Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
