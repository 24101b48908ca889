"""The ledger's words with their colours."""

from __future__ import annotations

from bot.domain import words
from bot.domain.publication import State

_COLOURS = {
    State.PLANNED: "white",
    State.HELD: "yellow",
    State.QUEUED: "cyan",
    State.SENDING: "cyan",
    State.UNKNOWN: "red",
    State.PENDING: "cyan",
    State.WAITING: "yellow",
    State.HANDED_OFF: "magenta",
    State.PUBLISHED: "green",
    State.FAILED: "red",
    State.MISSED: "red",
    State.CANCELLED: "bright_black",
}


def state(value: State) -> str:
    """A state in words, as rich markup."""
    return f"[{_COLOURS[value]}]{words.state(value)}[/]"
