"""Publications that would come too close together on one account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.planning import Desired


@dataclass(frozen=True, kw_only=True)
class Collision:
    """Publications of one account too close together for its readers."""

    account: str
    posts: tuple[str, ...]
    due_at: tuple[datetime, ...]


def collisions(wanted: Sequence[Desired], apart: timedelta) -> list[Collision]:
    """What the calendar puts within `apart` on one account, by time; nothing when that is zero.

    Chains are one collision. What a person posts by hand is left to that person.
    """
    mine: dict[str, list[Desired]] = {}
    for want in wanted if apart else ():
        if not want.by_hand:
            mine.setdefault(want.account.id, []).append(want)
    found = [
        Collision(
            account=account,
            posts=tuple(want.post for want in group),
            due_at=tuple(want.due_at for want in group),
        )
        for account, wants in mine.items()
        for group in _close(sorted(wants, key=lambda w: (w.due_at, w.post)), apart)
    ]
    return sorted(found, key=lambda one: (one.due_at[0], one.account))


def _close(wants: Sequence[Desired], apart: timedelta) -> list[list[Desired]]:
    groups: list[list[Desired]] = []
    for want in wants:
        if groups and want.due_at - groups[-1][-1].due_at < apart:
            groups[-1].append(want)
        else:
            groups.append([want])
    return [group for group in groups if len(group) > 1]
