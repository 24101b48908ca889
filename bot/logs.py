"""Structured logs on stderr: event names are fixed words, facts are keys.

Equal lines are counted, not repeated: a fault that lasts must not bury the rest of the log.
An exception is one line, its kind and message. Its trace goes into a file, and onto the line
only for programs (JSON) or at level debug.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Protocol
from zlib import crc32

import structlog

REPEAT_S = 60.0  # equal lines within this time are counted

# What makes two lines equal. Times and amounts differ without being news; another cause is news.
_SAME = (
    *("level", "event", "module", "publication", "post", "account", "platform"),
    *("error", "error_kind", "error_code"),
)


class Named(Protocol):
    """A publication, as far as the log is concerned."""

    @property
    def id(self) -> int: ...

    @property
    def post(self) -> str: ...

    @property
    def account(self) -> str: ...

    @property
    def platform(self) -> str: ...


def working_on(pub: Named) -> AbstractContextManager[None]:
    """Every line logged within the block says which publication it is about."""
    return structlog.contextvars.bound_contextvars(
        publication=pub.id, post=pub.post, account=pub.account, platform=pub.platform
    )


def get_logger(name: str) -> Any:
    """A logger whose events carry the module's name."""
    return structlog.get_logger(name, module=name)


def said(error: BaseException) -> str:
    """The innermost cause of an error as one line, without the statement that met it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split()) or type(cause).__name__


def keep_trace(error: BaseException) -> Path | None:
    """The file that now holds the error's trace; None where nothing can be written.

    The same error at the same place is the same file, so that a fault that lasts fills no disk.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = crc32(repr([(frame.filename, frame.lineno) for frame in frames]).encode())
    name = f"{type(error).__name__}-{place:08x}.txt"
    text = "".join(traceback.format_exception(error))
    with suppress(OSError):
        return _kept(Path("var/errors") / name, text)
    with suppress(OSError):  # on a full disk there is not even a folder for temporary files
        return _kept(Path(tempfile.gettempdir()) / name, text)
    return None


def _kept(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def configure(level: str = "warning", *, json: bool = False) -> None:
    """Sends logs of `level` and above to stderr, for people or as JSON lines."""
    flush()
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    whole = json or level == "debug"
    _in_force.counting = Counting(
        [
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if whole else _trace_aside,
            renderer,
        ],
        write=structlog.PrintLogger(sys.stderr).msg,
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _name_error,
            _in_force.counting,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _error_of(line: Mapping[str, Any]) -> BaseException | None:
    info = line.get("exc_info")
    if isinstance(info, BaseException):
        return info
    return sys.exc_info()[1] if info else None


def _name_error(_logger: object, _level: str, line: MutableMapping[str, Any]) -> Any:
    """Before lines are compared: another cause is another line."""
    error = _error_of(line)
    if error is not None:
        line.setdefault("error_kind", type(error).__name__)
        line.setdefault("error", said(error))
    return line


def _trace_aside(_logger: object, _level: str, line: MutableMapping[str, Any]) -> Any:
    error = _error_of(line)
    line.pop("exc_info", None)
    if error is not None:
        line["trace"] = str(keep_trace(error) or "")
    return line


def flush() -> None:
    """Writes what was counted and not yet told; for the end of the program."""
    if _in_force.counting is not None:
        with suppress(ValueError, OSError):  # stderr may be closed by now
            _in_force.counting.flush()


@dataclass
class _Seen:
    """A line that was written, and its equals that were not."""

    ends_s: float
    last: dict[str, Any]
    count: int = 0


class Counting:
    """The last processor: the first of equal lines passes, those within `every_s` are counted.

    The count is told, as one line with `repeated`, once the time is over and anything is logged
    at all, or by `flush`. `rest` renders a line; `write` takes the rendered lines of counts.
    """

    def __init__(
        self,
        rest: Sequence[Callable[..., Any]],
        *,
        write: Callable[[str], Any],
        every_s: float = REPEAT_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rest = rest
        self._write = write
        self._every_s = every_s
        self._monotonic = monotonic
        self._seen: dict[tuple[str, ...], _Seen] = {}  # oldest first
        self._lock = Lock()  # files are read in threads, and they log too

    def __call__(self, _logger: object, _name: str, line: MutableMapping[str, Any]) -> Any:
        """The line, rendered; raises DropEvent for one that is only counted."""
        now_s = self._monotonic()
        key = tuple(str(line.get(name, "")) for name in _SAME)
        with self._lock:
            over = self._take(now_s)
            seen = self._seen.get(key)
            if seen is None:
                self._seen[key] = _Seen(ends_s=now_s + self._every_s, last={})
            else:
                seen.count += 1
                # Which exception was being handled is not known any more when this is written.
                seen.last = {name: value for name, value in line.items() if name != "exc_info"}
        self._tell(over)
        if seen is not None:
            raise structlog.DropEvent
        return self._rendered(line)

    def flush(self) -> None:
        """Tells all counts now; equal lines pass again from here on."""
        with self._lock:
            over = self._take(float("inf"))
        self._tell(over)

    def _take(self, now_s: float) -> list[_Seen]:
        """Removes the entries whose time is over; in order, so only these are looked at."""
        over = []
        while self._seen:
            key = next(iter(self._seen))
            if self._seen[key].ends_s > now_s:
                break
            over.append(self._seen.pop(key))
        return [seen for seen in over if seen.count]

    def _tell(self, over: Sequence[_Seen]) -> None:
        for seen in over:
            self._write(self._rendered({**seen.last, "repeated": seen.count}))

    def _rendered(self, line: Mapping[str, Any]) -> Any:
        rendered: Any = dict(line)
        for step in self._rest:
            rendered = step(None, str(line.get("level", "")), rendered)
        return rendered


@dataclass
class _InForce:
    counting: Counting | None = None


_in_force = _InForce()
