"""What a queue carries: ids, never content. It may be lost, doubled or late."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Work(StrEnum):
    """What is to be done with the publications of a message."""

    PUBLISH = "publish"
    LOOK = "look"  # find out what came of it


@dataclass(frozen=True, kw_only=True)
class Message:
    """A batch of publications; by itself it changes nothing."""

    work: Work
    ids: tuple[int, ...]
