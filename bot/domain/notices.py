"""What is told to whom: a notice for each thing, party and stage; letters that carry several."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.domain.publication import Role
from bot.domain.tasks import Task

MANAGERS = "@managers"
OFFICER = "@officer"
ADMINISTRATOR = "@administrator"
REVIEWERS = "@reviewers"
OFFICE = (
    MANAGERS,
    OFFICER,
    ADMINISTRATOR,
    REVIEWERS,
)  # parties beside the units, which go by their ids
_FIRST_GAP = timedelta(minutes=2)
_LONGEST_GAP = timedelta(hours=1)


_OFFICES = {Role.ADMINISTRATOR: ADMINISTRATOR, Role.REVIEWER: REVIEWERS}


def party_of(role: Role, unit: str) -> str:
    """Who is told what a role owes: a unit by its id, or one of `OFFICE`."""
    if role is Role.LIAISON:
        return unit
    return _OFFICES.get(role, OFFICER)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One thing a party is told once. `key` is what makes it the same thing."""

    what: str  # a task's id, "post-ID" or "account-ID"
    party: str
    stage: str  # a fixed word; with the deadline where another deadline would be news
    text: str  # without the link, which may hold a secret and is made for each letter
    until: datetime  # nobody needs to be told after that
    task: Task | None = None  # what a link leads to
    waits: bool = False  # not now: quiet hours, or a freeze

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.what, self.party, self.stage)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What is sent: a line above and the text below, both plain."""

    title: str
    text: str


class Verdict(StrEnum):
    """What came of sending a letter."""

    SENT = "sent"
    REFUSED = "refused"  # surely not delivered
    UNCLEAR = "unclear"  # it went out, and no trustworthy answer came


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back for one letter; its words hold no secret."""

    verdict: Verdict
    said: str = ""  # the platform's own words, or what went wrong
    advice: str = ""  # what a person should do; "" when nothing
    again_after: timedelta | None = None  # the platform asks for so long a pause

    @property
    def words(self) -> str:
        """Both in one line."""
        return " ".join(filter(None, [self.said, self.advice]))


class Target(Protocol):
    """One robot or mailbox."""

    @property
    def mark(self) -> str:
        """The same for the same address; tells nothing about it."""
        ...

    @property
    def kind(self) -> str:
        """What it is, in words."""
        ...

    @property
    def limit(self) -> int:
        """The most bytes (UTF-8) of title and text together."""
        ...

    async def send(self, letter: Letter) -> Reply:
        """Sends it once; raises nothing but cancellation."""
        ...


def gap(tries: int) -> timedelta:
    """The pause after so many refusals: two minutes, doubled each time, an hour at most."""
    return min(_FIRST_GAP * (1 << min(tries - 1, 10)), _LONGEST_GAP)
