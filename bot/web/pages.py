"""Pages for people: templates, one stylesheet, and headers that let a page load nothing else.

Every value in a template is escaped. All addresses in a page are relative, so that it works
behind a reverse proxy that serves the bot below a path of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.i18n import _, language

_HERE = Path(__file__).parent
STYLE = "/static/style.css"
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_SAFE: Mapping[str, str] = {
    "Referrer-Policy": "no-referrer",  # the address may be a key
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_PAGE = {**_SAFE, "Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
# Of files that lie in a package; one made to harm runs no script here either.
FILE: Mapping[str, str] = {**_SAFE, "Cache-Control": "private, no-cache"}
DOCUMENT = {**FILE, "Content-Security-Policy": "default-src 'none'; img-src 'self'"}


def render(name: str, *, status: int = 200, up: int = 1, **facts: object) -> web.Response:
    """The page `name` with these facts; `up` is how many folders its address lies below ours."""
    version = hashlib.sha256(_style()).hexdigest()[:12]
    style = f"{'../' * up}{STYLE.removeprefix('/')}?v={version}"
    template = _templates().get_template(f"{name}.html")
    text = template.render(**facts, style=style, lang=language().replace("_", "-"))
    return web.Response(text=text, status=status, content_type="text/html", headers=_PAGE)


def when(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment in the office's zone, for a page; "" for none."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""


def add_style(app: web.Application) -> None:
    """Serves the stylesheet."""
    app.router.add_get(STYLE, _serve_style)


async def _serve_style(request: web.Request) -> web.Response:
    # Its address holds its version, so it may be kept.
    headers = {**_SAFE, "Cache-Control": "public, max-age=31536000, immutable"}
    return web.Response(body=_style(), content_type="text/css", charset="utf-8", headers=headers)


@cache
def _style() -> bytes:
    return (_HERE / "style.css").read_bytes()


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(_HERE / "templates")
    made = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["_"] = _
    return made
