"""`bot plan --health-days YEAR`: a year's topics as a calendar file that publishes nothing.

The entries stand under `drafts:`, which nobody reads. One becomes a post when a person moves it
under `posts:` and writes it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from bot.app import open_app
from bot.cli.files import deliver
from bot.cli.output import Format, iso, notes
from bot.domain.days import FIRST_YEAR, LAST_YEAR
from bot.engine import drafting
from bot.engine.drafting import COLUMN, TOPIC, Draft
from bot.errors import UsageError
from bot.i18n import _
from bot.settings import Settings


def draft_year(settings: Settings, year: int, form: Format, out: Path | None) -> None:
    """Writes the drafts of a year to stdout, or to a new file."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        message = _("The health days are known from {first} to {last}, not for {year}.")
        raise UsageError(message.format(first=FIRST_YEAR, last=LAST_YEAR, year=year))

    async def work() -> list[Draft]:
        async with open_app(settings) as app:
            reading = await asyncio.to_thread(app.read)
            for problem in reading.days.problems:
                notes.print(f"{problem.place}: {problem.message}", markup=False, soft_wrap=True)
            planned = {post.id for post in reading.posts}
            return await drafting.draft(
                app.core, reading.days, year, zone=settings.zone, planned=planned
            )

    drafts = asyncio.run(work())
    if form is Format.JSON:
        document = {"year": year, "drafts": [_as_json(one, settings.zone) for one in drafts]}
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    else:
        text = "".join(f"{line}\n" for line in _lines(drafts, year, settings.zone))
    deliver(text.encode(), out)


def _as_json(one: Draft, zone: ZoneInfo) -> dict[str, object]:
    when = one.occurrence
    return {
        "id": one.id,
        "at": iso(one.at, zone),
        "title": one.title,
        "column": COLUMN,
        "topic": TOPIC,
        "name_zh": when.day.name_zh,
        "name_en": when.day.name_en,
        "organiser": when.day.organiser,
        "source": when.day.source,
        "first": when.first.isoformat() if when.first else None,
        "last": when.last.isoformat() if when.last else None,
        "notice_months": list(when.months) if when.months else None,
        "planned": one.planned,
        "last_year": [
            {"post": post.id, "title": post.title, "due_at": iso(post.due_at, zone)}
            for post in one.earlier
        ],
    }


def _lines(drafts: list[Draft], year: int, zone: ZoneInfo) -> Iterator[str]:
    yield _comment(_("Topics for the health days of {year}.").format(year=year))
    yield _comment(_("Nothing below “drafts:” is read, so nothing of it goes out by accident."))
    yield _comment(
        _("To use one, move it under “posts:”, give it a title of its own, texts and accounts.")
    )
    yield f"timezone: {zone.key}"
    yield "posts: []"
    yield "drafts:"
    for one in drafts:
        yield ""
        yield from _draft(one, zone)
    if not any(one.at for one in drafts):
        yield "  []"


def _draft(one: Draft, zone: ZoneInfo) -> Iterator[str]:
    if one.at is None or one.planned:
        yield f"  {_comment(one.occurrence.day.name_zh)}"
    if one.at is None:
        yield f"    {_comment(_waiting(one))}"
    elif one.planned:
        already = _("In the calendar already: {post}").format(post=one.id)
        yield f"    {_comment(already)}"
    else:
        yield f"  - id: {one.id}"
        yield f"    at: {one.at:%Y-%m-%d %H:%M}"
        yield f"    title: {_scalar(one.title)}"
        yield f"    column: {COLUMN}"
        yield f"    topic: {TOPIC}"
    yield from (f"    {_comment(text)}" for text in _facts(one, zone))


def _waiting(one: Draft) -> str:
    first, last = one.occurrence.months or (0, 0)
    months = str(first) if first == last else f"{first}–{last}"
    message = _("Date to be announced, expected in month {months}; enter it in {file} then.")
    return message.format(months=months, file="health-days.csv")


def _facts(one: Draft, zone: ZoneInfo) -> Iterator[str]:
    when = one.occurrence
    if len(when.day.names) > 1:
        yield _("Full name: {name}").format(name=when.day.name_zh)
    if when.first != when.last:
        yield _("From {first} to {last}").format(first=when.first, last=when.last)
    if when.day.name_en:
        yield _("English name: {name}").format(name=when.day.name_en)
    if when.day.organiser:
        yield _("Organised by: {organiser}").format(organiser=when.day.organiser)
    for post in one.earlier:
        yield _("Last year: {day} {title} ({post})").format(
            day=f"{post.due_at.astimezone(zone):%Y-%m-%d}", title=post.title, post=post.id
        )


def _comment(text: str) -> str:
    return "# " + " ".join(text.split())


def _scalar(text: str) -> str:
    """The text as YAML writes it, in quotation marks only where it needs them."""
    written: str = yaml.safe_dump(text, allow_unicode=True, width=1_000_000)
    return written.partition("\n")[0]
