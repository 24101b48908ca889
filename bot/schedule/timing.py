"""When each post is due: at a time, in a slot of its column, or so much after another post."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain.problem import Problem
from bot.domain.slots import Slot
from bot.i18n import _
from bot.schedule.columns import Column
from bot.schedule.faults import suggestion
from bot.schedule.lined import Node
from bot.schedule.shapes import PostShape
from bot.schedule.templates import filled
from bot.schedule.values import Later


@dataclass(frozen=True, kw_only=True, eq=False)
class Draft:
    """An entry whose own values are sound; when it is due may hang on others."""

    shape: PostShape
    node: Node
    file: str
    zone: ZoneInfo
    column: Column | None

    def problem(self, code: str, message: str, hint: str, key: str) -> Problem:
        """A mistake of this entry, told at one of its keys."""
        place = self.node.place(self.file, key)
        return Problem(code=code, message=message, hint=hint, place=place, post=self.shape.id)

    def day(self, due_at: datetime) -> date:
        """The day of a moment where the column lives, else where its file does."""
        slots = self.column.slots if self.column else None
        return due_at.astimezone(slots.recurrence.zone if slots else self.zone).date()

    def slot(self, due_at: datetime) -> Slot | None:
        """The slot of its column that it fills."""
        slots = self.column.slots if self.column else None
        return slots.on(self.day(due_at)) if slots else None

    def filled(self, due_at: datetime) -> PostShape | None:
        """The post in its column's form; None when that wants a slot's number and there is none."""
        if self.column is None:
            return self.shape
        slot = self.slot(due_at)
        number = slot.number if slot is not None else None
        return filled(self.shape, self.column.template, self.day(due_at), number)

    def no_number(self) -> Problem:
        """The problem of a text that is to show a number the post does not have."""
        assert self.column is not None
        message = _("The template of {column} shows a number, and this post is in no slot.").format(
            column=self.column.name
        )
        hint = _("Put it on a day of the column, or add its day there under “extra”.")
        return self.problem("no-slot-number", message, hint, "slot" if self.shape.slot else "at")


@dataclass(kw_only=True)
class Timing:
    """Works out when drafts are due; `named` are the ids of all entries, read or not."""

    drafts: Sequence[Draft]
    columns: Collection[str]  # the names of those that have slots
    named: Collection[str]
    problems: list[Problem] = field(default_factory=list)
    _known: dict[Draft, datetime | None] = field(default_factory=dict)

    def due(self) -> Mapping[Draft, datetime]:
        """Those whose time can be told, with it (UTC)."""
        by_name: dict[str, list[Draft]] = {}
        for draft in self.drafts:
            by_name.setdefault(draft.shape.id, []).append(draft)
        for draft in self.drafts:
            self._follow(draft, by_name)
        return {draft: at for draft, at in self._known.items() if at is not None}

    def _follow(self, draft: Draft, by_name: Mapping[str, Sequence[Draft]]) -> None:
        """Goes from post to post back to one with a time of its own, then forward again."""
        chain: dict[Draft, int] = {}
        here: Draft | None = draft
        while here is not None and here not in self._known:
            if here in chain:
                self._circle([*chain][chain[here] :])
                break
            chain[here] = len(chain)
            here = self._before(here, by_name)
        for one in reversed(chain):
            if one not in self._known:
                self._known[one] = self._later(one, by_name)

    def _before(self, draft: Draft, by_name: Mapping[str, Sequence[Draft]]) -> Draft | None:
        """The one post this one counts from, None when there is none."""
        if not isinstance(draft.shape.at, Later):
            self._known[draft] = self._own(draft)
            return None
        found = by_name.get(draft.shape.after, ())
        if len(found) == 1:
            return found[0]
        self._known[draft] = None
        self.problems.append(self._nobody(draft))
        return None

    def _later(self, draft: Draft, by_name: Mapping[str, Sequence[Draft]]) -> datetime | None:
        assert isinstance(draft.shape.at, Later)
        start = self._known[by_name[draft.shape.after][0]]
        if start is None:
            self.problems.append(_not_planned(draft))
            return None
        due_at = draft.shape.at.after(start, draft.zone)
        if due_at is None:
            message = _("“{text}” leads to no time.").format(text=draft.node.text("at"))
            hint = _("Write T+30m, T+4h, T+2d, or T+1d 10:00 for the next day at ten.")
            self.problems.append(draft.problem("bad-relative-time", message, hint, "at"))
        return due_at

    def _circle(self, members: Sequence[Draft]) -> None:
        names = " → ".join(draft.shape.id for draft in [*members, members[0]])
        for draft in members:
            self._known[draft] = None
            message = _("These posts wait for each other: {posts}").format(posts=names)
            hint = _("Give one of them a day and a time.")
            self.problems.append(draft.problem("relative-cycle", message, hint, "after"))

    def _nobody(self, draft: Draft) -> Problem:
        after = draft.shape.after
        if not after:
            message = _("“{text}” does not say after which post.").format(
                text=draft.node.text("at")
            )
            hint = _("Add “after: ID” with the id of the post to count from.")
            return draft.problem("relative-without-after", message, hint, "at")
        if after in self.named:
            return _not_planned(draft)
        message = _("There is no post {post} to count from.").format(post=after)
        return draft.problem("unknown-after", message, suggestion(after, self.named), "after")

    def _own(self, draft: Draft) -> datetime | None:
        shape = draft.shape
        if shape.after:
            message = _("“after” counts only where “at” is a time such as T+4h.")
            hint = _("Take “after” out, or write “at” as T+4h.")
            self.problems.append(draft.problem("after-without-relative", message, hint, "after"))
            return None
        if shape.slot is not None:
            return self._slot(draft, shape.slot)
        assert not isinstance(shape.at, Later)
        return shape.at

    def _slot(self, draft: Draft, day: date) -> datetime | None:
        if draft.shape.at is not None:
            message = _("The post has both “slot” and “at”.")
            hint = _("Keep one: in a slot the time is the column's.")
            self.problems.append(draft.problem("slot-and-at", message, hint, "slot"))
            return None
        slots = draft.column.slots if draft.column else None
        if slots is None:
            self.problems.append(self._no_column(draft))
            return None
        slot = slots.on(day)
        if slot is None:
            self.problems.append(_no_slot(draft, day))
            return None
        return slot.due_at

    def _no_column(self, draft: Draft) -> Problem:
        name = draft.shape.column
        if name:
            message = _("The column {name} has no slots.").format(name=name)
        else:
            message = _("The post has a slot and no column.")
        hint = _("Define the column with “rule” and “at” under columns, or write “at”.")
        if self.columns and (name not in self.columns):
            hint = suggestion(name, self.columns)
        key = "column" if name else "slot"
        return draft.problem("slot-without-column", message, hint, key)


def _not_planned(draft: Draft) -> Problem:
    message = _("The post {post} has no time to count from.").format(post=draft.shape.after)
    hint = _("Put that post right first; this one follows it.")
    return draft.problem("after-not-planned", message, hint, "after")


def _no_slot(draft: Draft, day: date) -> Problem:
    assert draft.column is not None
    assert draft.column.slots is not None
    near = [slot for slot in draft.column.slots.around(day) if slot is not None]
    message = _("{day} is no slot of {column}.").format(day=day, column=draft.column.name)
    if near:
        days = ", ".join(slot.day.isoformat() for slot in near)
        hint = _("The nearest are: {days}").format(days=days)
    else:
        hint = _("The column has none near it: look at its “from” and “until”.")
    return draft.problem("no-such-slot", message, hint, "slot")
