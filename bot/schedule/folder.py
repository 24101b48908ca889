"""The schedules folder: opens what lies in it, nothing outside, and remembers what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.domain.problem import Place, Problem
from bot.i18n import _
from bot.schedule.faults import nearest
from bot.schedule.lined import too_large

MAX_BYTES: Final = 4_000_000  # of a text; a month of posts has under 100 kB


@dataclass(kw_only=True)
class Folder:
    """One reading's view of the folder. `seen` maps each path asked for to a digest of it."""

    root: Path
    seen: dict[str, str] = field(default_factory=dict)
    shut: set[str] = field(default_factory=set)  # there, and not to be opened
    # Texts and calendars as they might be, by their paths; read in place of what lies there.
    instead: Mapping[str, bytes] = field(default_factory=dict)

    def locate(self, path: str) -> tuple[Path | None, tuple[str, str, str]]:
        """The file a path of the calendar names; else None and code, message, hint of why not.

        The code is "path-outside", or "" when there simply is no such file.
        """
        self.seen.setdefault(path, "")
        hint = _("Paths are relative to the schedules folder, for example media/cover-01.jpg.")
        if "\0" in path or "\\" in path or path.startswith("/"):
            return None, (
                "path-outside",
                _("{path} is no path in the folder.").format(path=path),
                hint,
            )
        try:
            root = self.root.resolve()
            full = (root / path).resolve()
            inside = full.is_relative_to(root)
            there = inside and full.is_file()
        except (OSError, ValueError, RuntimeError):  # too long, a loop of links, …
            inside, there = True, False
        if not inside:
            message = _("{path} leads out of the schedules folder.").format(path=path)
            return None, ("path-outside", message, hint)
        if not there:
            message = _("There is no file {path}.").format(path=path)
            return None, ("", message, self._near(path))
        return full, ("", "", "")

    def _near(self, path: str) -> str:
        parent, _slash, name = path.rpartition("/")
        try:
            names = sorted(item.name for item in (self.root / parent).iterdir())
        except OSError:
            names = []
        near = nearest(name, names)
        if near:
            return _("Did you mean “{word}”?").format(word=f"{parent}/{near}" if parent else near)
        return _("Put the file there, or correct the path.")

    def read_text(self, file: str, place: Place) -> tuple[str | None, list[Problem]]:
        """The text of a file in the folder, None when it cannot be read; `place` names it."""
        raw, problems = self.read_bytes(file, place)
        if raw is None:
            return None, problems
        try:
            # Line ends as Windows and old editors write them, too.
            text = raw.decode("utf-8-sig")
            return text.replace("\r\n", "\n").replace("\r", "\n"), []
        except UnicodeDecodeError as error:
            return None, [not_utf8(file, raw.count(b"\n", 0, error.start) + 1)]

    def read_bytes(
        self, file: str, place: Place, limit: int = MAX_BYTES
    ) -> tuple[bytes | None, list[Problem]]:
        """A file in the folder, None when it cannot be read or has more than `limit` bytes."""
        raw = self.instead.get(file)
        if raw is None:
            full, why = self.locate(file)
            if full is None:
                return None, [no_such_file(why, place)]
            try:
                with full.open("rb") as stream:
                    raw = stream.read(limit + 1)  # never a file of a gigabyte
            except OSError as error:
                self.shut.add(file)
                return None, [unreadable(file, error, place)]
        self.seen[file] = hashlib.sha256(raw).hexdigest()
        if len(raw) > limit:
            return None, [too_large(Place(file=file, line=1))]
        return raw, []

    def fingerprint(self) -> str:
        """Changes when any file asked for changes, appears or goes."""
        lines = "\n".join(f"{path}\t{digest}" for path, digest in sorted(self.seen.items()))
        return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()


def no_such_file(why: tuple[str, str, str], place: Place) -> Problem:
    """What to tell when `Folder.locate` finds nothing; `why` is its answer."""
    code, message, hint = why
    return Problem(code=code or "file-unreadable", message=message, hint=hint, place=place)


def unreadable(path: str, error: OSError, place: Place) -> Problem:
    """What to tell of a file that cannot be opened."""
    return Problem(
        code="file-unreadable",
        message=_("{path} cannot be opened: {why}").format(path=path, why=error.strerror),
        hint=_("Check the file's permissions."),
        place=place,
    )


def not_utf8(file: str, line: int) -> Problem:
    """The problem of a text in another encoding."""
    return Problem(
        code="not-utf8",
        message=_("{path} is not a UTF-8 text.").format(path=file),
        hint=_(
            "Save it again and choose the encoding UTF-8 (not GBK or “ANSI”): in Notepad under "
            "“Save as”, in WPS as “encoded text”."
        ),
        place=Place(file=file, line=line),
    )
