"""Large files read piece by piece, so that 4 GB never stand in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.errors import MediaError
from bot.i18n import _

STEPS_MAX = 100  # a preparation has 200 steps; more pieces than this go several in one step


@dataclass(frozen=True, kw_only=True)
class Parts:
    """How a file of `size` bytes is cut into parts of `part` bytes; the last may be smaller."""

    size: int
    part: int

    @property
    def count(self) -> int:
        """How many parts there are; an exact multiple has no empty last one."""
        return -(-self.size // self.part)

    def step(self, sent: int) -> Iterator[int]:
        """The parts, counted from 0, that the next step sends."""
        return iter(range(sent, min(self.count, sent + max(1, -(-self.count // STEPS_MAX)))))

    def read(self, path: Path, number: int) -> bytes:
        """One part of the file, counted from 0; only this much of it is ever in memory.

        Raises MediaError when the file is gone or no longer as long as it was.
        """
        begin = number * self.part
        try:
            with path.open("rb") as file:
                file.seek(begin)
                piece = file.read(self.part)
        except OSError as error:
            raise _changed(path) from error
        if len(piece) != min(self.part, self.size - begin):
            raise _changed(path)
        return piece


def _changed(path: Path) -> MediaError:
    message = _("{file} has changed since it was planned. Run `bot plan` again.")
    return MediaError(message.format(file=path.name))
