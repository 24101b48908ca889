"""The grid of a whole year at once: what `coverage` says of each unit, without the evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from bot.domain.coverage import ItemStates
from bot.domain.grid import Matrix, Reading, item_states
from bot.domain.publication import Publication
from bot.domain.roster import Roster
from bot.engine import answers
from bot.engine.ports import Core
from bot.ledger import answers as ledger
from bot.ledger import exemptions, posts, roster


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
