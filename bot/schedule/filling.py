"""Which posts fill which slots: empty ones, crowded ones, and posts beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from bot.domain.problem import Problem, Severity
from bot.domain.slots import MAX_YEARS, Slot
from bot.i18n import _
from bot.schedule.columns import Column
from bot.schedule.faults import nearest
from bot.schedule.lined import Node
from bot.schedule.timing import Draft

_SHOWN: Final = 12  # empty slots of one column that are told one by one
_Key = tuple[str, date]  # column, day of the slot


@dataclass(frozen=True, kw_only=True)
class Coming:
    """A slot of the days ahead and the posts in it."""

    column: str
    slot: Slot
    posts: tuple[str, ...]  # none: it is still empty


@dataclass(kw_only=True)
class Filling:
    """The slots of all columns and who is in them."""

    columns: Sequence[Column] = ()
    posts: dict[_Key, list[str]] = field(default_factory=dict)
    _like: dict[str, str] = field(default_factory=dict)  # the labels asked for are few

    def like(self, name: str) -> str:
        """The column with nearly this name, "" when none has."""
        if name not in self._like:
            known = [column.name for column in self.columns]
            self._like[name] = nearest(name, known) if name else ""
        return self._like[name]

    def coming(self, now: datetime, span: timedelta) -> list[Coming]:
        """The slots from now on, by time."""
        found = []
        for column in self.columns:
            assert column.slots is not None
            first = now.astimezone(column.slots.recurrence.zone).date()
            found += [
                Coming(
                    column=column.name,
                    slot=slot,
                    posts=tuple(self.posts.get((column.name, slot.day), ())),
                )
                for slot in column.slots.between(first, first + span)
                if slot.due_at >= now
            ]
        return sorted(found, key=lambda one: (one.slot.due_at, one.column))


def fill(
    columns: Sequence[Column], due: Mapping[Draft, datetime], unread: Iterable[Node]
) -> tuple[Filling, list[Problem]]:
    """Puts the posts into the slots, and says what is wrong with that.

    `unread` are entries that could not be read as posts: the slots they name count as filled.
    """
    filling = Filling(columns=columns)
    problems: list[Problem] = []
    if not columns:
        return filling, problems
    for draft, due_at in sorted(due.items(), key=lambda item: (item[1], item[0].shape.id)):
        problems += _enter(filling, draft, due_at)
    _enter_unread(filling, unread)
    days = [draft.day(due_at) for draft, due_at in due.items()]
    for column in columns:
        problems += _empty(filling, column, min(days), max(days)) if days else []
    return filling, problems


def _enter(filling: Filling, draft: Draft, due_at: datetime) -> list[Problem]:
    column = draft.column
    if column is None:
        near = filling.like(draft.shape.column)
        return [_unknown(draft, near)] if near else []
    if column.slots is None or draft.filled(due_at) is None:
        return []
    slot = draft.slot(due_at)
    if slot is None:
        return [_beside(draft, draft.day(due_at))]
    there = filling.posts.setdefault((column.name, slot.day), [])
    there.append(draft.shape.id)
    return [_crowded(draft, slot, there[0])] if len(there) > 1 else []


def _enter_unread(filling: Filling, unread: Iterable[Node]) -> None:
    by_name = {column.name: column for column in filling.columns}
    for node in unread:
        column = by_name.get(node.text("column").strip())
        for text in (node.text("slot"), node.text("at")[:10]) if column else ():
            try:
                day = date.fromisoformat(text)
            except ValueError:
                continue
            assert column is not None
            assert column.slots is not None
            slot = column.slots.on(day)
            if slot is not None:
                filling.posts.setdefault((column.name, slot.day), []).append(node.text("id"))


def _empty(filling: Filling, column: Column, first: date, last: date) -> list[Problem]:
    assert column.slots is not None
    last = min(last, first + timedelta(days=366 * MAX_YEARS))
    empty = [
        slot
        for slot in column.slots.between(first, last)
        if (column.name, slot.day) not in filling.posts
    ]
    problems = [_nobody(column, slot) for slot in empty[:_SHOWN]]
    if len(empty) > _SHOWN:
        message = _("{column} has no posts for {count} further days up to {day}.").format(
            column=column.name, count=len(empty) - _SHOWN, day=empty[-1].day
        )
        problems.append(_warning(column, message))
    return problems


def _nobody(column: Column, slot: Slot) -> Problem:
    return _warning(
        column, _("{day} {column}: there is no post yet.").format(day=slot.day, column=column.name)
    )


def _warning(column: Column, message: str) -> Problem:
    return Problem(
        code="slot-empty",
        message=message,
        hint=_("Add a post with this column, or the day under “except” of the column."),
        severity=Severity.WARNING,
        place=column.place,
    )


def _beside(draft: Draft, day: date) -> Problem:
    assert draft.column is not None
    message = _("{day} is no slot of {column}.").format(day=day, column=draft.column.name)
    hint = _("Move the post, or add the day under “extra” of the column.")
    return _of(draft, "not-a-slot", message, hint, "at")


def _crowded(draft: Draft, slot: Slot, first: str) -> Problem:
    assert draft.column is not None
    message = _("{post} is in the slot of {column} on {day} already.").format(
        post=first, column=draft.column.name, day=slot.day
    )
    hint = _("Move one of the two.")
    return _of(draft, "slot-twice", message, hint, "slot" if draft.shape.slot else "at")


def _unknown(draft: Draft, near: str) -> Problem:
    message = _("The column {name} is not defined.").format(name=draft.shape.column)
    return _of(
        draft, "unknown-column", message, _("Did you mean “{word}”?").format(word=near), "column"
    )


def _of(draft: Draft, code: str, message: str, hint: str, key: str) -> Problem:
    return Problem(
        code=code,
        message=message,
        hint=hint,
        severity=Severity.WARNING,
        place=draft.node.place(draft.file, key),
        post=draft.shape.id,
    )
