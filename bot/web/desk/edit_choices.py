"""What the form of a post offers to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain import words
from bot.domain.roster import Account, AccountStatus, Roster
from bot.ledger import posts
from bot.schedule import headings
from bot.schedule.reader import calendar_files
from bot.web.desk.post_form import MOST_FURTHER, Values
from bot.web.desk.visit import Visit


@dataclass(frozen=True, kw_only=True)
class Group:
    """Accounts that are offered together."""

    name: str  # of their unit
    accounts: Sequence[tuple[str, str, str]]  # id, platform in words, name


@dataclass(frozen=True, kw_only=True)
class Choices:
    """All that can be chosen."""

    first: Sequence[Group]  # where posts are usually published first, and what is chosen already
    others: Sequence[Group]
    columns: Sequence[str]
    topics: Sequence[tuple[str, str]]
    platforms: Sequence[tuple[str, str]]
    places: Sequence[tuple[str, str]]  # where something may be said differently
    units: Mapping[str, str]
    files: Sequence[str]
    further: int  # how many further articles are shown


async def choices(visit: Visit, values: Values) -> Choices:
    """For a form with these values; a new one has none."""

    async def load() -> list[str]:
        async with visit.core.ledger.read() as conn:
            return await posts.columns(conn)

    members = await visit.members()
    columns = (await visit.remembered("columns", load)).value
    chosen = values.get("accounts", "").split("\n") if values.get("accounts") else []
    open_ = [one for one in members.accounts.values() if one.status is not AccountStatus.CLOSED]
    first = [one for one in open_ if one.flagship or one.id in chosen]
    known = {one.id for one in first}
    others = [one for one in open_ if one.id not in known]
    if not first:
        first, others = others, []
    strangers = [(name, "", "") for name in chosen if name not in known and first]
    offered = _grouped(first, members)
    if strangers:
        offered.append(Group(name="?", accounts=strangers))
    indexes = [int(name.split(".")[1]) for name in values if name.startswith("more.")]
    files, _problems = calendar_files(visit.desk.settings.office.schedules)
    return Choices(
        first=offered,
        others=_grouped(others, members),
        columns=columns,
        topics=_topics(values.get("topic", "")),
        platforms=_platforms(members),
        places=_places(members, values),
        units={one.id: one.short or one.name for one in members.units.values()},
        files=files,
        further=min(max(indexes, default=-1) + 2, MOST_FURTHER),
    )


def _grouped(accounts: Iterable[Account], members: Roster) -> list[Group]:
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for one in accounts:
        unit = members.units.get(one.unit)
        name = (unit.short or unit.name) if unit is not None else one.unit
        groups.setdefault(name, []).append((one.id, words.platform(one.platform), one.name))
    return [Group(name=name, accounts=found) for name, found in groups.items()]


def _topics(now: str) -> list[tuple[str, str]]:
    known = [(name, said[0]) for name, said in headings.TOPICS.items()]
    return known if not now or now in headings.TOPICS else [*known, (now, now)]


def _platforms(members: Roster) -> list[tuple[str, str]]:
    names = dict.fromkeys(one.platform for one in members.accounts.values())
    return [(name, words.platform(name)) for name in names]


def _places(members: Roster, values: Values) -> list[tuple[str, str]]:
    """The platforms of the roster, and what the post names besides."""
    found = dict(_platforms(members))
    for name in values:
        if name.startswith("variants."):
            place = name.split(".")[1]
            unit = members.units.get(place)
            account = members.accounts.get(place)
            shown = unit.short if unit is not None else account.name if account is not None else ""
            found.setdefault(place, shown or place)
    return list(found.items())
