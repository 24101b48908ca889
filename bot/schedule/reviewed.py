"""Columns the settings ask reviews for by a name that the calendar does not know."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.domain.problem import Place, Problem, Severity
from bot.i18n import _
from bot.schedule.near import nearest


def unknown_columns(asked: Mapping[str, Place], known: Collection[str]) -> list[Problem]:
    """A warning for each column of `asked` that is none of the `known`.

    Without it a mistyped name would go unseen, and its posts need other reviews than meant.
    """
    free = sorted(set(known) - set(asked))  # what has levels of its own is not what was meant
    return [
        _unknown(name, place, nearest(name, free))
        for name, place in asked.items()
        if name not in known
    ]


def _unknown(name: str, place: Place, near: str) -> Problem:
    hint = (
        _(
            "Did you mean “{word}”? Write it so in settings.toml; until then its posts need what "
            "review.levels says."
        ).format(word=near)
        if near
        else _(
            "Write it in settings.toml as the calendar has it; until then its posts need what "
            "review.levels says. If the column comes later, leave it."
        )
    )
    message = _("No column and no post of the calendar is called “{name}” as in [review.columns].")
    return Problem(
        code="unknown-review-column",
        message=message.format(name=name),
        hint=hint,
        severity=Severity.WARNING,
        place=place,
    )
