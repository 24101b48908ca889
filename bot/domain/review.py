"""Review before release (三审): which levels must approve a post, and how far one version is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Level(StrEnum):
    """A level of review, in the order in which they act."""

    FIRST = "first"  # 初审
    SECOND = "second"  # 复审
    FINAL = "final"  # 终审


class Said(StrEnum):
    """What a reviewer says of one version."""

    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Review:
    """What the office wants reviewed; docs/review.md explains each."""

    levels: tuple[Level, ...] = ()  # of every post; none: nothing needs a review
    columns: Mapping[str, tuple[Level, ...]] = field(default_factory=dict)  # instead, by column
    lead: timedelta = timedelta(hours=24)  # before the planned time it should be done
    remind: tuple[timedelta, ...] = (timedelta(hours=4),)  # before that
    same_person: bool = False  # one person may act at several levels of one version

    @property
    def off(self) -> bool:
        """True when nothing at all needs a review."""
        return not self.levels and not any(self.columns.values())

    def required(self, column: str) -> tuple[Level, ...]:
        """The levels that must approve a post of this column, in their order."""
        return self.columns.get(column, self.levels)

    def asks_as(self, other: Review) -> bool:
        """True when both require the same of every post."""
        return (self.levels, self.columns) == (other.levels, other.columns)

    def and_also(self, other: Review) -> Review:
        """What either of them requires; times and persons as here."""
        columns = {*self.columns, *other.columns}
        return replace(
            self,
            levels=_united(self.levels, other.levels),
            columns={name: _united(self.required(name), other.required(name)) for name in columns},
        )


def _united(*levels: Collection[Level]) -> tuple[Level, ...]:
    return tuple(level for level in Level if any(level in some for some in levels))


NO_REVIEW = Review()


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One reviewer's word about one version; never changed, never deleted."""

    id: int
    post: str
    content_hash: str
    level: Level
    said: Said
    by: str
    deputy_of: str  # in whose place; "" in their own right
    note: str
    at: datetime


def last_words(said: Iterable[Approval]) -> dict[Level, Approval]:
    """What each level said last; `said` are of one version, oldest first."""
    return {one.level: one for one in said}


def approved_by(said: Iterable[Approval]) -> frozenset[Level]:
    """The levels whose last word is yes."""
    return frozenset(level for level, one in last_words(said).items() if one.said is Said.APPROVED)


def missing(required: Collection[Level], approved: Collection[Level]) -> tuple[Level, ...]:
    """The required levels that have not approved, in their order."""
    return tuple(level for level in Level if level in required and level not in approved)
