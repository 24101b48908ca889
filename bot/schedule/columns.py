"""Columns the office defines: what their posts take over, and the slots they are to fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.problem import Place, Problem
from bot.domain.slots import MAX_YEARS, KindOf, Recurrence, Slots
from bot.i18n import _
from bot.schedule.faults import missing, validate
from bot.schedule.lined import Node
from bot.schedule.shapes import ColumnShape, TemplateShape
from bot.schedule.templates import TEMPLATED, check_template, placeholders

# Keys of the column itself that its posts take over, beside what stands under `defaults`.
_LENT: Final = ("accounts", "window")


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """A column as its definition has it."""

    name: str
    place: Place
    slots: Slots | None  # None: a column without a rule, for posts at any time
    template: TemplateShape
    lent: Mapping[str, tuple[int, Node]]  # key → line and value, knowing their file

    def lend(self, post: Node) -> Node:
        """The post with what it takes over; what it says itself wins, key by key in a group."""
        assert isinstance(post.value, Mapping)
        return replace(post, value=_merged(self._titled(post.value), self.lent))

    def _titled(self, own: Mapping[str, tuple[int, Node]]) -> Mapping[str, tuple[int, Node]]:
        title = self.template.title
        written = "title" in own and own["title"][1].value is not None
        if written or not title or "title" in placeholders(title):
            return own
        # The template is the whole title already.
        node = Node(line=self.place.line or 1, end_line=self.place.line or 1, value=title)
        return {**own, "title": (node.line, replace(node, file=self.place.file))}


@dataclass(kw_only=True)
class Columns:
    """The columns of all files, and what is wrong with their definitions."""

    kind_of: KindOf
    named: dict[str, Column] = field(default_factory=dict)
    # Defined, but not so that it can be said what a post takes over; told once, there.
    faulty: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    unread: str = ""  # a file that cannot be read and may define further ones
    _places: dict[str, Place] = field(default_factory=dict)

    def define(self, root: Node, file: str, zone: ZoneInfo | None) -> bool:
        """Takes in the definitions of one file; False when one cannot be used.

        Without a `zone` none can: nobody knows when their slots are.
        """
        found = root.get("columns")
        entries = found.value if found is not None else None
        whole = True
        for name, (line, node) in entries.items() if isinstance(entries, Mapping) else ():
            place = node.place(file) if node.cell else Place(file=file, line=line)
            before = len(self.problems)
            column = self._column(name.strip(), node, place, zone or ZoneInfo("UTC"))
            if name.strip() in self._places:
                self.problems.append(_twice(name, place, self._places[name.strip()]))
            self._places.setdefault(name.strip(), place)
            if column is None or zone is None or len(self.problems) > before:
                self.faulty.add(name.strip())
                whole = False
            else:
                self.named[name.strip()] = column
        return whole

    def of(self, post: Node) -> Column | None:
        """The defined column of a post that can be used."""
        name = post.text("column").strip()
        return None if name in self.faulty else self.named.get(name)

    def is_faulty(self, post: Node) -> bool:
        """True when the post's column is defined, but wrongly."""
        return post.text("column").strip() in self.faulty

    def may_be_unread(self, post: Node) -> bool:
        """True when the post's column may be defined where nothing can be read now."""
        name = post.text("column").strip()
        return bool(name and self.unread) and name not in self._places

    @property
    def names(self) -> set[str]:
        """All that are defined, also those that cannot be used."""
        return set(self._places)

    @property
    def with_slots(self) -> list[Column]:
        """Those that have slots to fill."""
        return [
            column
            for name, column in self.named.items()
            if column.slots is not None and name not in self.faulty
        ]

    def _column(self, name: str, node: Node, place: Place, zone: ZoneInfo) -> Column | None:
        shape, problems = validate(ColumnShape, node, place.file, zone=zone)
        self.problems += problems
        if shape is None:
            return None
        for key in TEMPLATED:
            at = node.place(place.file, "template", key)
            text = getattr(shape.template, key)
            self.problems += check_template(text, at, numbered=shape.start is not None)
        recurrence = self._recurrence(shape, node, place, zone)
        slots = Slots(recurrence=recurrence, kind_of=self.kind_of) if recurrence else None
        return Column(
            name=name,
            place=place,
            slots=slots,
            template=shape.template,
            lent=_lent(node, place.file),
        )

    def _recurrence(
        self, shape: ColumnShape, node: Node, place: Place, zone: ZoneInfo
    ) -> Recurrence | None:
        if shape.rule is None and not shape.extra:
            return None
        if shape.at is None:
            lack = missing(node, ("at",), "at", place.file, None)
            self.problems.append(lack if node.get("at") else replace(lack, place=place))
            return None
        made = Recurrence(
            clock=shape.at,
            zone=zone,
            rule=shape.rule.text if shape.rule else "",
            workdays=shape.rule is not None and shape.rule.workdays,
            start=shape.start,
            until=shape.until,
            left_out=frozenset(shape.left_out),
            extra=frozenset(shape.extra),
            holidays=shape.holidays,
        )
        found = _wrong(shape, made)
        if found is not None:
            key, problem = found
            self.problems.append(replace(problem, place=node.place(place.file, key)))
        return made


def _wrong(shape: ColumnShape, made: Recurrence) -> tuple[str, Problem] | None:
    """What does not go together in a definition, and at which key to tell it."""
    start, until, rule = shape.start, shape.until, shape.rule
    if rule is not None and rule.limited and until is not None:
        return "until", Problem(
            code="count-and-until",
            message=_("The rule ends by COUNT and the column by “until”."),
            hint=_("Keep one of the two."),
        )
    if rule is not None and rule.needs_start and start is None:
        return "rule", Problem(
            code="rule-needs-start",
            message=_("From when “{rule}” counts is not said.").format(rule=rule.text),
            hint=_("Add “from: YYYY-MM-DD”, the day of the first slot."),
        )
    outside = [day for day in made.extra if (start and day < start) or (until and day > until)]
    if (start and until and until < start) or outside:
        return "extra" if outside else "until", Problem(
            code="column-span",
            message=_("The column has days before it begins or after it ends."),
            hint=_("Put “from”, “until” and the days under “extra” in order."),
        )
    if made.too_long:
        return "until", Problem(
            code="too-many-slots",
            message=_("The column runs for more than {years} years.").format(years=MAX_YEARS),
            hint=_("End it earlier; whoever is there then can go on with it."),
        )
    if made.empty():
        return "rule", Problem(
            code="rule-without-days",
            message=_("The rule gives no day at all."),
            hint=_("Look at its parts, and at “from” and “until”."),
        )
    return None


def _twice(name: str, place: Place, first: Place) -> Problem:
    return Problem(
        code="duplicate-column",
        message=_("The column {name} is defined twice, first at {place}.").format(
            name=name, place=first
        ),
        hint=_("Delete one of the two; a column is known in all files of the folder."),
        place=place,
    )


def _lent(node: Node, file: str) -> dict[str, tuple[int, Node]]:
    """What posts of the column take over, each value with the file it stands in."""
    defaults = node.get("defaults")
    entries = dict(defaults.value) if defaults and isinstance(defaults.value, Mapping) else {}
    if isinstance(node.value, Mapping):
        entries |= {key: node.value[key] for key in _LENT if key in node.value}
    return {
        key: (line, _standing_in(value, file))
        for key, (line, value) in entries.items()
        if value.value is not None
    }


def _standing_in(node: Node, file: str) -> Node:
    """The node and all below it, knowing their file."""
    value = node.value
    if isinstance(value, Mapping):
        value = {key: (line, _standing_in(below, file)) for key, (line, below) in value.items()}
    elif not isinstance(value, str) and value is not None:
        value = [_standing_in(below, file) for below in value]
    return replace(node, value=value, file=file)


def _merged(
    own: Mapping[str, tuple[int, Node]], lent: Mapping[str, tuple[int, Node]]
) -> dict[str, tuple[int, Node]]:
    merged = dict(lent)
    for key, (line, node) in own.items():
        below = merged[key][1] if key in merged else None
        if node.value is None and below is not None:
            continue  # a key with nothing after it counts as not written
        if isinstance(node.value, Mapping) and below and isinstance(below.value, Mapping):
            node = replace(node, value=_merged(node.value, below.value))
        merged[key] = (line, node)
    return merged
