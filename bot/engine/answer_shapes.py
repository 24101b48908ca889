"""The fixed shapes of the three answers, for programs: coverage, counts and silences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain import count_words
from bot.domain.counts import CountRow, Counts, Span
from bot.domain.coverage import AccountRow, CellState, ItemCoverage, ItemStates, Tally, UnitRow
from bot.domain.gaps import AccountGap, Forecast, update_rate
from bot.domain.lacking import Lack
from bot.engine.answers import Covered
from bot.engine.shapes import Json, iso
from bot.engine.tallying import Tallied


def coverage(found: Covered, zone: ZoneInfo) -> Json:
    """All key items with units, accounts and what they are known by."""
    return {"key_items": [item(one, found, zone) for one in found.items]}


def item(one: ItemCoverage, found: Covered, zone: ZoneInfo) -> Json:
    """One key item with units, accounts, and who must act."""
    return {
        "id": one.post,
        "title": one.title,
        "deadline": iso(one.deadline_at, zone),
        "first_release": iso(one.released_at, zone),
        "as_of": iso(one.as_of, zone),
        **_tally(one),
        "units": [_unit(row, zone) for row in one.units],
        "accounts": [
            _account(row, zone) for row in one.accounts if row.state is not CellState.NOT_EXPECTED
        ],
        "optional": one.optional,
        "first_carried": iso(one.first_carried_at, zone),
        "last_carried": iso(one.last_carried_at, zone),
        "lacking": [_lack(lack, one, zone) for lack in found.lacking[one.post]],
    }


def states(one: ItemStates, zone: ZoneInfo) -> Json:
    """One key item in numbers, and the state of each unit."""
    return {
        "id": one.post,
        "title": one.title,
        "deadline": iso(one.deadline_at, zone),
        "first_release": iso(one.released_at, zone),
        **_tally(one),
        "optional": one.optional,
        "units": {unit: state.value for unit, state in one.states.items()},
    }


def _tally(one: Tally) -> Json:
    return {
        "required": one.required,
        "exempt": one.exempt,
        "on_time": one.on_time,
        "late": one.late,
        "missing": one.missing,
        "unknown": one.unknown,
        "open": one.open,
        "coverage": one.coverage,
        "timeliness": one.timeliness,
    }


def _unit(row: UnitRow, zone: ZoneInfo) -> Json:
    exemption = row.exemption
    return {
        "unit": row.unit,
        "state": row.state.value,
        "account": row.account,
        "at": iso(row.at, zone),
        "reason": row.reason,
        "exempt_by": exemption.by if exemption else "",
        "exempt_since": iso(exemption.at if exemption else None, zone),
        "carried": row.carried.value if row.carried else "",
        "outdated": row.outdated,
    }


def _account(row: AccountRow, zone: ZoneInfo) -> Json:
    return {
        "account": row.account,
        "unit": row.unit,
        "state": row.state.value,
        "at": iso(row.at, zone),
        "url": row.url,
        "evidence": row.evidence,
        "source_missing": row.evidence.endswith("source missing"),
        "outdated": row.outdated,
    }


def _lack(lack: Lack, one: ItemCoverage, zone: ZoneInfo) -> Json:
    return {
        "unit": lack.unit,
        "state": lack.state.value,
        "owed_by": lack.role.value,
        "kind": lack.todo.value,
        "account": lack.account,
        "since": iso(lack.since, zone),
        "deadline": iso(one.deadline_at, zone),
        "reminded_at": iso(lack.reminded_at, zone),
    }


def counts(found: Counts, as_of: datetime, zone: ZoneInfo) -> Json:
    """How much was posted, from the items."""
    twice = sum(left.reason == "twice" for left in found.left_out)
    return _counts(
        found.span,
        [group.as_row() for group in found.groups],
        found.total.as_row(),
        found.by_platform,
        (len(found.left_out) - twice, twice),
        as_of,
        zone,
    )


def tallied(found: Tallied, as_of: datetime, zone: ZoneInfo) -> Json:
    """How much was posted, as the database counted it."""
    return _counts(
        found.span,
        [{**line.keys, **line.numbers} for line in found.lines],
        found.total,
        found.by_platform,
        (found.deleted, found.twice),
        as_of,
        zone,
    )


def _counts(
    span: Span,
    rows: Sequence[Mapping[str, str | int]],
    total: Mapping[str, str | int],
    by_platform: Mapping[str, int],
    left_out: tuple[int, int],
    as_of: datetime,
    zone: ZoneInfo,
) -> Json:
    deleted, twice = left_out
    platforms = {name: by_platform.get(name, 0) for name in count_words.in_order(by_platform)}
    return {
        "from": iso(span.since, zone),
        "to": iso(span.until, zone),
        "as_of": iso(as_of, zone),
        "rows": [dict(row) for row in rows],
        "totals": {
            **total,
            "platforms": {name: number for name, number in platforms.items() if number},
            "left_out": deleted + twice,
        },
        "sentence": count_words.sentence(by_platform),
        "definition": count_words.definition(
            span,
            reposts=int(total["reposts"]),
            deleted=deleted,
            twice=twice,
            as_of=as_of,
            zone=zone,
        ),
    }


def behind(found: Counts) -> list[tuple[CountRow, str]]:
    """Every item of the period, oldest first, and why it does not count ("" where it does)."""
    return sorted(_all(found), key=_by_time)


def _all(found: Counts) -> Iterator[tuple[CountRow, str]]:
    yield from ((row, "") for row in found.counted)
    yield from ((left.row, left.reason) for left in found.left_out)


def _by_time(one: tuple[CountRow, str]) -> tuple[datetime, str, str]:
    row, _why = one
    return row.published_at, row.account, row.item


def counted(row: CountRow, why: str, zone: ZoneInfo) -> Json:
    """One item behind a number."""
    return {
        "item": row.item,
        "published_at": iso(row.published_at, zone),
        "unit": row.unit,
        "account": row.account,
        "platform": row.platform,
        "title": row.title,
        "url": row.url,
        "push": row.push_id,
        "kind": row.form.value,
        "via": row.via,
        "counted": not why,
        "reason": why,
    }


def gaps(found: Sequence[AccountGap], zone: ZoneInfo) -> Json:
    """How long each account has been silent."""
    rate = update_rate(found)
    return {
        "accounts": [_gap(one, zone) for one in found],
        "met": rate.met,
        "known": rate.known,
        "unknown": rate.unknown,
        "rate": rate.rate,
    }


def _gap(gap: AccountGap, zone: ZoneInfo) -> Json:
    return {
        "account": gap.account,
        "unit": gap.unit,
        "platform": gap.platform,
        "state": gap.state.value,
        "last_post_at": iso(gap.last_post_at, zone),
        "gap_days": gap.gap_days,
        "max_gap_days": gap.max_gap_days,
        "lapsed": [
            {
                "from": lapse.from_day.isoformat(),
                "to": lapse.to_day.isoformat(),
                "days": lapse.days,
                "ended": lapse.ended,
            }
            for lapse in gap.lapsed
        ],
        "warn_days": gap.limits.warn_days,
        "fail_days": gap.limits.fail_days,
    }


def forecast(coming: Sequence[Forecast], zone: ZoneInfo) -> Json:
    """Who fails next if nothing comes but what is planned."""
    return {
        "forecast": [
            {
                "account": one.account,
                "unit": one.unit,
                "platform": one.platform,
                "state": one.state.value,
                "warns_on": one.warns_on.isoformat() if one.warns_on else None,
                "fails_on": one.fails_on.isoformat() if one.fails_on else None,
                "saving": one.saving.value if one.saving else None,
                "planned_at": iso(one.planned.at if one.planned else None, zone),
                "planned_post": one.planned.post if one.planned else "",
            }
            for one in coming
        ]
    }
