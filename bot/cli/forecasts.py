"""Quotas a calendar will exceed, as `bot plan` tells them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich.markup import escape

from bot.cli.output import iso, local, screen
from bot.domain import words
from bot.domain.forecast import Late, QuotaUse
from bot.i18n import _


def as_json(one: QuotaUse, zone: ZoneInfo) -> dict[str, Any]:
    """The fixed shape of one entry under "quotas"."""
    return {
        "account": one.account,
        "action": one.action,
        "period": one.period.value,
        "from": iso(one.start, zone),
        "to": iso(one.end, zone),
        "limit": one.limit,
        "used": one.used,
        "planned": one.planned,
        "carried": one.carried,
        "posts": [
            {
                "post": late.post,
                "due_at": iso(late.due_at, zone),
                "goes_at": iso(late.goes_at, zone),
                "missed": late.goes_at is None,
            }
            for late in one.late
        ],
    }


def missed(overruns: Sequence[QuotaUse]) -> set[tuple[str, str]]:
    """Posts and accounts that will miss their window because a quota is spent."""
    return {(late.post, one.account) for one, late in _all(overruns) if late.goes_at is None}


def show(overruns: Sequence[QuotaUse], zone: ZoneInfo) -> None:
    """Prints each quota with the posts that do not fit; nothing when all fit."""
    for one in overruns:
        screen.print(
            f"[bold]{escape(one.account)}[/] "
            + _(
                "({quota}), {start} to {end}: {used} sent, {planned} planned, "
                "{carried} put off from before."
            ).format(
                quota=words.quota(one.action, one.period, one.limit),
                start=local(one.start, zone),
                end=local(one.end, zone),
                used=one.used,
                planned=one.planned,
                carried=one.carried,
            )
        )
        for late in one.late:
            screen.print(f"    {_outcome(late, zone)}")
    if overruns:
        lost = missed(overruns)
        late_ones = {(late.post, one.account) for one, late in _all(overruns)} - lost
        screen.print(
            _("Quotas: {late} publications will be late, {missed} will be missed.").format(
                late=len(late_ones), missed=len(lost)
            )
        )


def _outcome(late: Late, zone: ZoneInfo) -> str:
    if late.goes_at is not None:
        text = _("{post}, planned for {due}: waits until {goes}")
        colour, goes = "yellow", local(late.goes_at, zone)
    else:
        text = _("{post}, planned for {due}: will be missed, its window ends {goes}")
        colour, goes = "red", local(late.not_after, zone)
    shown = text.format(post=late.post, due=local(late.due_at, zone), goes=goes)
    return f"[{colour}]{escape(shown)}[/]"


def _all(overruns: Sequence[QuotaUse]) -> list[tuple[QuotaUse, Late]]:
    return [(one, late) for one in overruns for late in one.late]
