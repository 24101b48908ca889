"""A ledger that cannot be used, in words: what is wrong, and what a person can do."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from bot.i18n import _
from bot.logs import said

_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
# Connection, resources, operator, system: the server's troubles, not those of a statement
# (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_SERVER = ("08", "53", "57", "58")


def unusable(error: BaseException) -> bool:
    """True when the database is in trouble, and no statement of ours is wrong."""
    if isinstance(error, OperationalError | InterfaceError | OSError):
        return True
    if not isinstance(error, DBAPIError):
        return isinstance(error, sqlite3.OperationalError)
    state = str(getattr(error.orig, "sqlstate", "") or "")
    return error.connection_invalidated or state.startswith(_SERVER)


def advice(error: BaseException) -> str:
    """What a person can do about it."""
    cause = getattr(error, "orig", None) or error
    if not isinstance(cause, sqlite3.Error):
        if isinstance(error, DBAPIError | ConnectionError | TimeoutError):
            return _("Check that the database runs and can be reached, and ledger.url.")
        return _("Check the path, the rights and the free disk space.")
    code = cause.sqlite_errorcode & 0xFF if hasattr(cause, "sqlite_errorcode") else 0
    if code in _LOCKED:
        return _(
            "Another program keeps it locked (a copy, a viewer, a command that hangs): end that "
            "program, then try again."
        )
    if code in _NO_ROOM:
        return _("The disk is full or broken: make room, then try again.")
    return _("Check the path, the rights and the free disk space.")


def in_words(error: BaseException) -> str:
    """The whole message for a person whose command met it."""
    return _(
        "The ledger cannot be used now: {cause}. Nothing is lost, and nothing was sent that could "
        "not be recorded. {advice}"
    ).format(cause=said(error), advice=advice(error))
