"""What the real ledger knows, looked at without touching it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from bot.errors import LedgerError, UsageError
from bot.i18n import _
from bot.ledger import excerpt, inspect
from bot.ledger.excerpt import Excerpt
from bot.ledger.inspect import Standing
from bot.logs import said


async def known(url: str, posts: Collection[str], since: datetime) -> Excerpt | None:
    """What the ledger at `url` knows of these posts and their accounts; None before there is one.

    Raises UsageError when it is there and cannot be read.
    """
    try:
        file = inspect.sqlite_file(url)
        if file is not None and not file.exists():
            return None
        async with inspect.inspect(url) as ledger:
            standing = inspect.standing(await inspect.revision(ledger.conn))
            if standing is Standing.EMPTY:
                return None
            if standing is not Standing.CURRENT:
                raise LedgerError(_("it belongs to another version of the program"))
            return await excerpt.read(ledger.conn, posts, since)
    except (LedgerError, SQLAlchemyError, OSError) as error:
        raise UsageError(
            _(
                "What the ledger knows cannot be read: {cause}. `bot doctor` says what to do; "
                "--blank rehearses without it."
            ).format(cause=said(error))
        ) from error
