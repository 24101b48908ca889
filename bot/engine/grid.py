"""The grid of a whole year: what `coverage` says of each unit, at once and without the evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.coverage import CellState, ItemCoverage, ItemStates
from bot.domain.grid import Matrix, Reading, item_states
from bot.domain.publication import Publication
from bot.domain.roster import Roster
from bot.engine import answers
from bot.engine.ports import Core
from bot.ledger import answers as ledger
from bot.ledger import exemptions, posts, roster

_AT_A_TIME = 5  # key items with all their evidence: some tenths of a second in a big matrix


async def known(
    core: Core, *, since: datetime, until: datetime, at: datetime | None = None
) -> tuple[list[ItemStates], Roster]:
    """How each unit stands to the key items planned in [since, until), now or as known then."""
    if at is None:
        return await standings(core, since=since, until=until)
    items, members = await answers.coverage(core, since=since, until=until, at=at)
    return lean(core, items, members), members


def lean(core: Core, items: Iterable[ItemCoverage], members: Roster) -> list[ItemStates]:
    """The items without the evidence, but with why a state is unknown."""
    readable = {
        account.id
        for account in members.accounts.values()
        if core.platforms.capabilities(account).recent
    }
    return [_lean(item, readable) for item in items]


def _lean(item: ItemCoverage, readable: set[str]) -> ItemStates:
    states = item.states
    waiting = {CellState.UNKNOWN, CellState.OPEN}
    unknown = {unit for unit, state in states.items() if state is CellState.UNKNOWN}
    mine = [row for row in item.accounts if states[row.unit] in waiting]
    doubtful = {row.unit for row in mine if row.evidence}
    read = {row.unit for row in mine if row.account in readable}
    return replace(item.lean(), doubtful=doubtful, by_hand=unknown - doubtful - read)


async def groups(core: Core, *, since: datetime, until: datetime) -> list[Sequence[str]]:
    """The key items planned in [since, until) for `covered`, so few at a time that others go on."""
    async with core.ledger.read() as conn:
        names = [post.id for post in await posts.key_items(conn, since=since, until=until)]
    return [names[first : first + _AT_A_TIME] for first in range(0, len(names), _AT_A_TIME)]


async def standings(
    core: Core,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    ids: Collection[str] = (),
) -> tuple[list[ItemStates], Roster]:
    """How each unit stands to the key items planned in [since, until), as known now."""
    as_of = core.clock.now()
    async with core.ledger.read() as conn:
        stored = await posts.key_items(conn, since=since, until=until, ids=ids)
        names = [post.id for post in stored]
        history = await roster.history(conn)
        members = history.at(as_of)
        readings = answers.readings(core, members, await roster.health(conn))
        exempt = await exemptions.with_withdrawn(conn, names)
        known = await ledger.names(conn, names)
        then = [history.at(post.first_release_at or as_of) for post in stored]
        flagships = {one.id for members in _distinct(then) for one in members.flagships}
        firsts = _by_post(await ledger.first_releases(conn, names, flagships))
    times = {id(one): _Time(one, readings) for one in _distinct(then)}
    found = []
    for post, one in zip(stored, map(id, then), strict=True):
        time = times[one]
        item = answers.release_of(
            post, firsts.get(post.id, ()), time.flagships, exempt.get(post.id, {})
        )
        units = answers.asked(post, item, time.there(post.first_release_at or as_of))
        found.append(item_states(item, known[post.id], time.matrix, units, as_of=as_of))
    return found, members


class _Time:
    """The roster as it was for some time, and what is asked of it again and again."""

    def __init__(self, members: Roster, readings: Mapping[str, Reading]) -> None:
        self.flagships = members.flagships
        self.matrix = _matrix(members, readings)
        self._members = members
        dated = any(unit.opened or unit.closed for unit in members.units.values())
        self._always = None if dated else list(members.units)

    def there(self, at: datetime) -> list[str]:
        """The units that belonged to the matrix at this moment of that time."""
        return self._members.open_units(at) if self._always is None else self._always


def _distinct(rosters: Iterable[Roster]) -> Iterable[Roster]:
    return {id(one): one for one in rosters}.values()


def _by_post(pubs: Iterable[Publication]) -> dict[str, list[Publication]]:
    found: dict[str, list[Publication]] = {}
    for pub in pubs:
        found.setdefault(pub.post, []).append(pub)
    return found


def _matrix(members: Roster, readings: Mapping[str, Reading]) -> Matrix:
    accounts_of: dict[str, list[str]] = {}
    for account in members.accounts.values():
        accounts_of.setdefault(account.unit, []).append(account.id)
    unit_of = {account.id: account.unit for account in members.accounts.values()}
    return Matrix(unit_of=unit_of, accounts_of=accounts_of, readings=readings)
