"""One `bot run` per SQLite ledger: a lock beside the file that ends with its process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import UsageError
from bot.i18n import _
from bot.logs import get_logger, said

log = get_logger(__name__)


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Keeps a second `bot run` from the ledger at `url` during the block; raises UsageError.

    Only a convenience: two would share the work, claims keep them apart. So where nothing can be
    locked, such as on some network drives, it goes on without. PostgreSQL is made for many.
    """
    lock = _lock_for(url)
    if lock is None:
        yield
        return
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise UsageError(
            _(
                "Another `bot run` already works on this ledger: it holds {file}. Stop that one "
                "first, or let it do the work; other commands may be used beside it."
            ).format(file=lock.lock_file)
        ) from error
    except (OSError, NotImplementedError) as error:
        log.warning("ledger.not_locked", file=lock.lock_file, error=said(error))
    try:
        yield
    finally:
        lock.release()


def _lock_for(url: str) -> FileLock | None:
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None  # said when the ledger is opened
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
        return None
    file = Path(f"{parsed.database}.run.lock")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None  # as above
    # A soft lock would outlive a killed process, and a person would have to remove it.
    return FileLock(str(file), fallback_to_soft=False)
