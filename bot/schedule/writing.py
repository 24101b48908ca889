"""Writes ids of new entries into the office's own files, and changes nothing else in them.

Only when the outcome is the same calendar with the ids does it take the old file's place.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bot.i18n import _
from bot.schedule import naming
from bot.schedule.folder import Folder
from bot.schedule.insert_csv import insert_csv
from bot.schedule.insert_xlsx import insert_xlsx
from bot.schedule.insert_yaml import insert_yaml
from bot.schedule.naming import Gap
from bot.schedule.replacing import NotReplaced, Why, digest, locks, replace_file
from bot.schedule.sources import READERS, read_source

# The file's bytes and the ids → the file's bytes with them. Raises ValueError or LookupError.
Insert = Callable[[bytes, Mapping[Gap, str]], bytes]
__all__ = ["NotWritten", "Written", "locks", "write_all", "write_ids"]
INSERTS: Final[Mapping[str, Insert]] = {
    ".yaml": insert_yaml,
    ".csv": insert_csv,
    ".xlsx": insert_xlsx,
}


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of the ids of new entries."""

    counts: Mapping[str, int] = field(default_factory=dict)  # file → ids that stand in it now
    refused: Mapping[str, str] = field(default_factory=dict)  # file → why not, and what to do
    passing: frozenset[str] = frozenset()  # refused for what will pass: worth another try


class NotWritten(Exception):
    """The file stays as it is; the text says why and what to do."""

    def __init__(self, message: str, *, passing: bool = True) -> None:
        super().__init__(message)
        self.passing = passing  # another try may find it otherwise


def write_all(root: Path, named: Mapping[Gap, str], zone: str) -> Written:
    """Writes all the ids, each file for itself."""
    files: dict[str, dict[Gap, str]] = {}
    for gap, name in named.items():
        files.setdefault(gap.file, {})[gap] = name
    counts: dict[str, int] = {}
    refused: dict[str, NotWritten] = {}
    for file, ids in files.items():
        try:
            write_ids(root, file, ids, zone)
            counts[file] = len(ids)
        except NotWritten as error:
            refused[file] = error
    return Written(
        counts=counts,
        refused={file: str(error) for file, error in refused.items()},
        passing=frozenset(file for file, error in refused.items() if error.passing),
    )


def write_ids(root: Path, file: str, named: Mapping[Gap, str], zone: str) -> None:
    """Writes the ids of one file's entries, all at once. Raises NotWritten."""
    path, (_code, message, _hint) = Folder(root=root).locate(file)
    if path is None:
        raise NotWritten(message)
    try:
        _write(root, path, file, named, zone)
    except OSError as error:
        raise NotWritten(
            _("No ids can be written into {file}: {cause}. It is tried again.").format(
                file=file, cause=error.strerror or error
            )
        ) from error


def _write(root: Path, path: Path, file: str, named: Mapping[Gap, str], zone: str) -> None:
    wanted: Any = None

    def change(raw: bytes) -> bytes:
        nonlocal wanted
        wanted = _wanted(root, file, raw, named, zone)
        return INSERTS["." + file.rpartition(".")[2]](raw, named)

    try:
        replace_file(path, change, lambda fresh: _says(root, fresh, file, zone) == wanted)
    except NotReplaced as error:
        raise _refusal(error, file) from error


def _refusal(error: NotReplaced, file: str) -> NotWritten:
    if error.why is Why.OPEN:
        return NotWritten(
            _(
                "{file} is open on somebody's screen. Please close it; then the ids of its new "
                "entries are written. If nobody has it open, delete {lock}."
            ).format(file=file, lock=error.detail)
        )
    if error.why is Why.CHANGED:
        return _changed(file)
    if error.why is Why.OWNER:
        return NotWritten(
            _(
                "{file} belongs to somebody else, and would belong to the bot afterwards. Its "
                "owner can write the ids with `bot check --write-ids`."
            ).format(file=file),
            passing=False,
        )
    return _by_hand(file)


def _by_hand(file: str) -> NotWritten:
    return NotWritten(
        _(
            "No ids can be put into {file} safely. Write them in yourself; a sheet needs the "
            "column 编号 for them."
        ).format(file=file),
        passing=False,
    )


def _wanted(root: Path, file: str, raw: bytes, named: Mapping[Gap, str], zone: str) -> Any:
    """What the file is to say: the same as now, and the ids. Raises NotWritten if it changed."""
    view = Folder(root=root)
    source = read_source(view, file, zone)
    if view.seen.get(file) != digest(raw) or not named.keys() <= set(naming.gaps({file: source})):
        raise _changed(file)
    assert source.root is not None  # where there is none, there are no gaps
    wanted: Any = copy.deepcopy(source.root.plain())
    for gap, name in named.items():
        wanted["posts"][gap.index]["id"] = name
    return wanted


def _says(root: Path, fresh: Path, file: str, zone: str) -> object:
    """What a file says that has another name than its kind's."""
    reader = READERS["." + file.rpartition(".")[2]]
    found = reader(Folder(root=root), fresh.relative_to(root.resolve()).as_posix(), zone).root
    return found.plain() if found is not None else None


def _changed(file: str) -> NotWritten:
    return NotWritten(_("{file} was changed just now; ids are written later.").format(file=file))
