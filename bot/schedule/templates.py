"""Templates of a column's texts: plain text with a few placeholders."""

from __future__ import annotations

from datetime import date
from string import Formatter
from typing import Final

from bot.domain.problem import Place, Problem
from bot.i18n import _
from bot.schedule.faults import suggestion
from bot.schedule.shapes import PostShape, TemplateShape

TEMPLATED: Final = ("title", "text", "digest")
_KNOWN: Final = (*TEMPLATED, "date", "n")


def placeholders(template: str) -> list[str]:
    """The names in braces, as they are written; ValueError when the braces do not match."""
    found = []
    for _text, name, form, conversion in Formatter().parse(template):
        if name is not None:
            found.append(
                name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            )
    return found


def check_template(template: str, place: Place, *, numbered: bool) -> list[Problem]:
    """What is wrong with a template; `numbered` when its column counts its slots."""
    try:
        names = placeholders(template)
    except ValueError:
        return [
            Problem(
                code="template-braces",
                message=_("The braces in “{template}” do not match.").format(template=template),
                hint=_("Write a brace that is part of the text twice: {example}").format(
                    example="{{ }}"
                ),
                place=place,
            )
        ]
    problems = [_unknown(name, place) for name in names if name not in _KNOWN]
    if "n" in names and not numbered:
        problems.append(
            Problem(
                code="number-without-start",
                message=_("{placeholder} counts from the column's first day.").format(
                    placeholder="{n}"
                ),
                hint=_("Add “from: YYYY-MM-DD”, the day of the first slot."),
                place=place,
            )
        )
    return problems


def _unknown(name: str, place: Place) -> Problem:
    return Problem(
        code="unknown-placeholder",
        message=_("The placeholder {placeholder} is not known.").format(
            placeholder="{" + name + "}"
        ),
        hint=suggestion(name, _KNOWN),
        place=place,
    )


def filled(
    shape: PostShape, template: TemplateShape, day: date, number: int | None
) -> PostShape | None:
    """The post with its texts in the column's form; None when it has no number to show.

    A template that holds its own text, such as `{text}` in the text, needs one; any other fills
    in where the post has none.
    """
    values = {name: getattr(shape, name) for name in TEMPLATED}
    # What goes out does not hang on the language the bot speaks.
    values |= {"date": f"{day.month}月{day.day}日", "n": number}
    texts = {}
    for name in TEMPLATED:
        written, form = values[name], getattr(template, name)
        names = placeholders(form)
        if form and (bool(written) == (name in names) or written == form):
            if "n" in names and number is None:
                return None
            texts[name] = form.format(**values)
    return shape.model_copy(update=texts)
