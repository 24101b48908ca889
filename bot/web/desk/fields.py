"""What people type, cleaned of signs that no ledger and no file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from bot.i18n import _

# An unknown encoding, a part without a name, a body that is not packed as it says.
UNREADABLE = (ValueError, LookupError, RuntimeError, web.RequestPayloadError)


def clean(text: str) -> str:
    """Without control signs and halves of signs, with one kind of line end, without outer space."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(sign for sign in lines if sign >= " " or sign in "\n\t")
    return kept.encode("utf-8", "ignore").decode().strip()


class Fields:
    """The fields of a form or of an address."""

    def __init__(self, data: MultiMapping[Any]) -> None:
        self._data = data

    def one(self, name: str) -> str:
        """The field's text; "" when it was not sent."""
        value = self._data.get(name, "")
        return clean(value) if isinstance(value, str) else ""

    def all(self, name: str) -> list[str]:
        """All values of a field that may be sent several times."""
        return [clean(value) for value in self._data.getall(name, []) if isinstance(value, str)]

    def plain(self) -> Mapping[str, list[str]]:
        """Everything, for a page that hands it on."""
        return {name: self.all(name) for name in dict.fromkeys(self._data.keys())}

    def raw(self, name: str) -> str:
        """The field exactly as it was sent: a password may begin or end with a space."""
        value = self._data.get(name, "")
        return value.encode("utf-8", "ignore").decode() if isinstance(value, str) else ""


async def sent(request: web.Request) -> Fields:
    """The fields of the form that was sent; HTTP 400 for what cannot be read as one."""
    try:
        return Fields(await request.post())
    except UNREADABLE as error:
        raise web.HTTPBadRequest(text=_("This is no form that can be read.")) from error
