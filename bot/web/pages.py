"""Pages for people: templates, what they load, and headers that let a page load nothing else.

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
_STATIC = "/static/"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_POLICY_WITH_SCRIPTS = (
    f"{_POLICY}; script-src 'self'; connect-src 'self'; frame-src 'self'; media-src 'self'"
)
_SAFE: Mapping[str, str] = {
    "Referrer-Policy": "no-referrer",  # the address may be a key
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_PAGE = {**_SAFE, "Cache-Control": "no-store"}
# Of files that lie in a package; one made to harm runs no script here either.
FILE: Mapping[str, str] = {**_SAFE, "Cache-Control": "private, no-cache"}
DOCUMENT = {**FILE, "Content-Security-Policy": "default-src 'none'; img-src 'self'"}
# A page shown within one of ours, as its readers will see it: its styles are its own, and no
# script of it runs. `sandbox` holds also where it is opened by itself.
FRAMED = {
    **_SAFE,
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline' 'self'; img-src 'self' data:; "
        "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
}


def render(
    name: str, *, status: int = 200, up: int = 1, scripts: bool = False, **facts: object
) -> web.Response:
    """The page `name` with these facts; `up` is how many folders its address lies below ours."""
    template = templates().get_template(f"{name}.html")
    root = "../" * up or "./"
    text = template.render(**facts, root=root, lang=language().replace("_", "-"))
    policy = _POLICY_WITH_SCRIPTS if scripts else _POLICY
    headers = {**_PAGE, "Content-Security-Policy": policy}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def when(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment in the office's zone, for a page; "" for none."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""


def add_static(app: web.Application) -> None:
    """Serves stylesheets and scripts."""
    app.router.add_get(_STATIC + "{name}", _serve_static)


async def _serve_static(request: web.Request) -> web.Response:
    found = _static().get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    body, kind = found
    # An address with a version may be kept; a script that another one imports has none.
    kept = "public, max-age=31536000, immutable" if "v" in request.query else "no-cache"
    headers = {**_SAFE, "Cache-Control": kept}
    response = web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)
    response.enable_compression()
    return response


@cache
def _static() -> Mapping[str, tuple[bytes, str]]:
    return {
        path.name: (path.read_bytes(), _KINDS[path.suffix])
        for path in (_HERE / "static").iterdir()
        if path.suffix in _KINDS
    }


@cache
def asset(name: str) -> str:
    """The address of a stylesheet or script below our root, with its version."""
    version = hashlib.sha256(_static()[name][0]).hexdigest()[:12]
    return f"{_STATIC.removeprefix('/')}{name}?v={version}"


@cache
def templates() -> Environment:
    """All templates."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["_"] = _
    made.globals["asset"] = asset
    return made
