"""What a person must do now for the matrix to go on: accept, publish by hand, report, correct.

A task is not stored. It is read off the ledger: a publication that waits for a person, or a recall
that a platform cannot carry out. It ends when its cause ends, whoever did it and wherever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.numbers import row_number
from bot.domain.publication import Hold, Publication, Role, State, owed_by


class TaskKind(StrEnum):
    """What is asked for."""

    ACCEPT = "accept"  # say yes or no to a reprint
    HAND_OFF = "hand_off"  # publish the package by hand and report the link
    LOOK = "look"  # the bot cannot tell whether it went out: look at the account
    CORRECT = "correct"  # bring what the account carries up to the corrected version
    WITHDRAW = "withdraw"  # take what the account carries down


class Said(StrEnum):
    """What a person answers; a fixed word of the ledger."""

    AGREED = "agreed"
    DECLINED = "declined"
    REPORTED = "reported"  # it is public, at this link
    DONE = "done"


ANSWERS: Mapping[TaskKind, frozenset[Said]] = {
    TaskKind.ACCEPT: frozenset({Said.AGREED, Said.DECLINED}),
    TaskKind.HAND_OFF: frozenset({Said.REPORTED}),
    TaskKind.LOOK: frozenset({Said.REPORTED}),
    TaskKind.CORRECT: frozenset({Said.DONE}),
    TaskKind.WITHDRAW: frozenset({Said.DONE}),
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person says to a task."""

    said: Said
    text: str = ""  # why, or what was done, in their own words
    url: str = ""  # where it is public
    at: datetime | None = None  # since when; None: now


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing a role owes, about one post on one account."""

    kind: TaskKind
    ref: int  # of the publication; of the recall's step for CORRECT and WITHDRAW
    post: str
    title: str
    unit: str
    account: str
    platform: str
    why: str = ""  # a fixed word, where it is not the usual way: "not_whitelisted"
    role: Role  # whose move it is: a role of the unit or of the office, never a person
    since: datetime | None = None  # when it could first be done; None: it is not known
    deadline_at: datetime | None = None  # 转载时限
    again: int = 0  # how often it came up anew after it had been done
    until: datetime | None = None  # after this it cannot be done any more; None: it always can
    version: str = ""  # of a publication: hash of the text it is about

    @property
    def id(self) -> str:
        """Its name for people and links, e.g. "accept-123"; the same as long as it lasts."""
        return f"{self.kind.value}-{self.ref}"

    @property
    def by_link(self) -> str:
        """Who acts through a link, for the record: a role of a unit, never a person's name."""
        return f"{self.role.value} of {self.unit} by link"


def kind_of(pub: Publication) -> TaskKind | None:
    """What a publication asks of a person beside the calendar; None: nothing."""
    if pub.state is State.HELD and pub.reason == Hold.ACCEPTANCE and not pub.accepted_by:
        return TaskKind.ACCEPT
    if pub.state is State.HANDED_OFF:
        return TaskKind.HAND_OFF
    if pub.state is State.UNKNOWN and pub.next_at is None:
        return TaskKind.LOOK
    return None


def role_of(pub: Publication) -> Role:
    """Whose move it is."""
    return owed_by(pub.state, pub.reason, pub.next_at)


def parse_id(name: str) -> tuple[TaskKind, int] | None:
    """Kind and number of a task's id; None when it is no such id."""
    kind, _dash, ref = name.rpartition("-")
    number = row_number(ref)
    if number is None or kind not in {each.value for each in TaskKind}:
        return None
    return TaskKind(kind), number
