"""/settings: what is in force, where it is changed, and the way to people, keys and webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web
from pydantic import BaseModel, SecretStr
from sqlalchemy.engine import make_url

from bot import __version__
from bot.domain.people import Right
from bot.i18n import _
from bot.settings import Settings
from bot.web.desk.routes import get
from bot.web.desk.visit import Visit

# Read from the platforms' own parts by name, for their models are theirs.
_SECRET = ("secret", "password", "token", "key")


async def show(visit: Visit) -> web.StreamResponse:
    """All settings in force, those that differ from the usual ones marked. Secrets stay unseen."""
    return visit.render(
        "settings",
        title=_("Settings"),
        version=__version__,
        groups=list(_groups(visit.desk.settings)),
    )


def _groups(settings: Settings) -> Iterator[tuple[str, list[tuple[str, str, bool]]]]:
    """Each group with key, value in words, and whether it is other than usual."""
    usual = Settings.model_construct()
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            before = getattr(usual, name, field.default)
            yield (
                name,
                [
                    (
                        key,
                        _shown(f"{name}.{key}", getattr(value, key)),
                        _differs(value, before, key),
                    )
                    for key in type(value).model_fields
                ],
            )
        elif isinstance(value, Mapping):
            for part, more in value.items():
                rows = more if isinstance(more, Mapping) else more.model_dump()
                yield (
                    f"{name}.{part}",
                    [(key, _shown(key, one), True) for key, one in rows.items()],
                )


def _differs(value: BaseModel, usual: Any, key: str) -> bool:
    return bool(getattr(value, key) != getattr(usual, key, None))


def _shown(key: str, value: Any) -> str:
    if isinstance(value, SecretStr) or (value and key.rpartition(".")[2].endswith(_SECRET)):
        return _("set; not shown") if value else ""
    if key in {"ledger.url", "queue.redis_url"} and value:
        return make_url(value).render_as_string(hide_password=True)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_shown(str(name), one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_shown(key, one) for one in value)
    return str(value)


ROUTES = (get("/settings", show, Right.RULE),)
