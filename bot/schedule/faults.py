"""From a node of a file to a checked shape, and from what does not fit to problems with lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.domain.problem import Place, Problem
from bot.i18n import _
from bot.schedule.headings import heading_of
from bot.schedule.lined import Node, wide_colon
from bot.schedule.near import nearest as nearest
from bot.schedule.near import suggestion as suggestion
from bot.schedule.roster_headings import roster_heading
from bot.schedule.shapes import PostShape, Shape

S = TypeVar("S", bound=Shape)
Loc = tuple[str | int, ...]


def validate(
    shape: type[S], node: Node, file: str, *, post: str | None = None, zone: ZoneInfo | None = None
) -> tuple[S | None, list[Problem]]:
    """The node as `shape`, None when a value is missing or wrong; and all its problems.

    Unknown keys are problems but do not keep the rest from being read.
    """
    data = node.plain()
    context = {"zone": zone} if zone is not None else None
    try:
        return shape.model_validate(data, context=context), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    problems = [_problem(detail, shape, node, file, post) for detail in details]
    if any(detail["type"] != "extra_forbidden" for detail in details):
        return None, problems
    for detail in details:
        _prune(data, detail["loc"])
    return shape.model_validate(data, context=context), problems


def located(
    shape: type[S], node: Node, file: str, *, post: str | None = None, zone: ZoneInfo | None = None
) -> list[tuple[str, Problem]]:
    """The problems of `validate`, each with the key it is about, dotted: "variants.weibo.link"."""
    try:
        shape.model_validate(node.plain(), context={"zone": zone} if zone is not None else None)
    except ValidationError as error:
        return [
            (".".join(map(str, detail["loc"])), _problem(detail, shape, node, file, post))
            for detail in error.errors(include_url=False)
        ]
    return []


def _prune(data: Any, loc: Loc) -> None:
    for key in loc[:-1]:
        data = data[key]
    data.pop(loc[-1], None)


def _problem(
    detail: ErrorDetails, shape: type[Shape], node: Node, file: str, post: str | None
) -> Problem:
    loc, kind = detail["loc"], detail["type"]
    name = next((key for key in reversed(loc) if isinstance(key, str)), "")
    if kind == "missing" and loc == ("id",) and shape is PostShape and node.cell is None:
        return Problem(
            code="id-missing",
            message=_("The post has no id."),
            hint=_("Add a line “id: …”, or let `bot check --write-ids` do it."),
            place=node.place(file, *loc),
        )
    heading = roster_heading(shape, loc) or heading_of(loc)
    if kind == "missing":
        return missing(node, loc, name, file, post, heading=heading)
    if kind == "extra_forbidden":
        return Problem(
            code="unknown-key",
            message=_("The key “{key}” is not known here.").format(key=name),
            hint=suggestion(name, _keys(shape, loc[:-1])),
            place=_key_place(node, file, loc),
            post=post,
        )
    found = node.get(*loc)
    place = node.place(file, *loc)
    if found is not None and "：" in str(found.value) and kind in ("model_type", "dict_type"):
        return replace(wide_colon(place), post=post)
    code, message, hint = _told(detail, heading if place.cell else name)
    return Problem(code=code, message=message, hint=hint, place=place, post=post)


def _key_place(node: Node, file: str, loc: Loc) -> Place:
    found = node.place(file, *loc)
    return found if found.cell else Place(file=file, line=node.key_line(*loc))


def missing(
    node: Node, loc: Loc, name: str, file: str, post: str | None, *, heading: str = ""
) -> Problem:
    """The problem of a required value that is not there, or has nothing after its key."""
    found = node.get(*loc)
    if node.cell is not None:
        word = heading or heading_of(loc)
        hint = _("Fill in the column {heading}.").format(heading=word)
    else:
        word = name
        hint = _("Fill it in after the colon.")
    if found is not None:  # the key is there with nothing after it
        place = node.place(file, *loc)
        message = _("“{key}” has no value.").format(key=word)
        return Problem(code="empty-value", message=message, hint=hint, place=place, post=post)
    if node.cell is None:
        hint = _("Add a line “{key}: …” to this entry.").format(key=name)
    return Problem(
        code="missing-key",
        message=_("The key “{key}” is missing.").format(key=word),
        hint=hint,
        place=node.place(file, *loc[:-1]),
        post=post,
    )


def _told(detail: ErrorDetails, name: str) -> tuple[str, str, str]:
    """Code, message and hint of a value that does not fit."""
    kind = detail["type"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    if "hint" in context:  # one of our own checks
        return (
            kind,
            f"{name}: {context['message']}" if name else context["message"],
            context["hint"],
        )
    if kind in ("enum", "literal_error"):
        word = str(detail["input"])
        message = _("“{value}” is not allowed for {key}.").format(value=word, key=name)
        return "unknown-value", message, suggestion(word, _choices(str(context["expected"])))
    if kind.startswith("list"):
        message = _("{key} must be a list.").format(key=name)
        return "wrong-type", message, _("Write it in brackets: [one, two].")
    if kind.startswith(("dict", "model")):
        message = _("{key} must be a group of keys and values.").format(key=name or "-")
        return (
            "wrong-type",
            message,
            _("Write “key: value” lines below it, indented by two spaces."),
        )
    message = _("{key} must be text.").format(key=name)
    return (
        "wrong-type",
        message,
        _("Write one value after the colon, in quotation marks if needed."),
    )


def _choices(expected: str) -> list[str]:
    return [word for word in re.findall(r"'([^']*)'", expected) if word]


def _keys(shape: type[Shape], loc: Loc) -> list[str]:
    """The keys allowed at `loc` of a shape."""
    here: Any = shape
    for key in loc:
        field = here.model_fields.get(key) if hasattr(here, "model_fields") else None
        if field is not None:
            here = _inner_shape(field.annotation) or here
    return [field.alias or name for name, field in here.model_fields.items()]


def _inner_shape(annotation: Any) -> type[Shape] | None:
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_shape(argument)
        if found is not None:
            return found
    return None
