"""Coverage: units counted by their best account, and nothing unread counted as missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.coverage import (
    Cell,
    CellState,
    Exemption,
    ItemCoverage,
    KeyRelease,
    Tally,
    UnitRow,
    grid,
    item_coverage,
    total,
)
from bot.domain.publication import State

RELEASED = datetime(2026, 5, 12, 1, tzinfo=UTC)
DEADLINE = RELEASED + timedelta(hours=24)
AFTER = DEADLINE + timedelta(days=3)
HOUR = timedelta(hours=1)


def release(
    *,
    exempt: dict[str, str] | None = None,
    released_at: datetime | None = RELEASED,
    optional: tuple[str, ...] = (),
) -> KeyRelease:
    return KeyRelease(
        post="0512-nurses",
        title="护士节特稿",
        deadline_at=DEADLINE,
        flagship="u01-wechat",
        flagship_unit="u01",
        released_at=released_at,
        url="https://a.example.cn/first" if released_at else "",
        exempt={
            unit: Exemption(reason=reason, by="calendar", at=RELEASED)
            for unit, reason in (exempt or {}).items()
        },
        optional=optional,
    )


def cell(
    account: str = "u02-wechat",
    *,
    expected: bool = True,
    by_hand: bool = False,
    carried_at: datetime | None = None,
    read_until: datetime | None = AFTER,
    doubtful: bool = False,
    publication: State | None = None,
) -> Cell:
    return Cell(
        account=account,
        unit=account.split("-")[0],
        expected=expected,
        by_hand=by_hand,
        carried_at=carried_at,
        url=f"https://a.example.cn/{account}" if carried_at or doubtful else "",
        evidence="A marker" if carried_at else "",
        read_until=read_until,
        doubtful=doubtful,
        publication=publication,
    )


def cover(*cells: Cell, item: KeyRelease | None = None, as_of: datetime = AFTER) -> ItemCoverage:
    return item_coverage(item or release(), cells, ("u01", "u02"), as_of=as_of)


def unit(*cells: Cell, item: KeyRelease | None = None, as_of: datetime = AFTER) -> UnitRow:
    (row,) = (row for row in cover(*cells, item=item, as_of=as_of).units if row.unit == "u02")
    return row


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (cell(carried_at=DEADLINE), CellState.ON_TIME),
        (cell(carried_at=DEADLINE + timedelta(microseconds=1)), CellState.LATE),
        (cell(), CellState.MISSING),
        (cell(read_until=DEADLINE), CellState.MISSING),
        (cell(read_until=DEADLINE - timedelta(seconds=1)), CellState.UNKNOWN),
        (cell(read_until=None), CellState.UNKNOWN),
        (cell(by_hand=True), CellState.UNKNOWN),
        (cell(by_hand=True, carried_at=RELEASED + HOUR), CellState.ON_TIME),
        (cell(doubtful=True), CellState.UNKNOWN),
        (cell(expected=False), CellState.UNKNOWN),
        (cell(expected=False, carried_at=RELEASED + HOUR), CellState.ON_TIME),
        (cell(publication=State.UNKNOWN), CellState.UNKNOWN),
        (cell(publication=State.PENDING), CellState.UNKNOWN),
        (cell(publication=State.FAILED), CellState.MISSING),
    ],
)
def test_a_unit_with_one_account_stands_as_that_account(one: Cell, state: CellState) -> None:
    assert unit(one).state is state


def test_a_unit_without_an_account_is_unknown() -> None:
    assert unit().state is CellState.UNKNOWN
    assert unit().account == ""


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        (cell("u02-a", carried_at=AFTER), cell("u02-b", carried_at=RELEASED), CellState.ON_TIME),
        (cell("u02-a", carried_at=AFTER), cell("u02-b"), CellState.LATE),
        (cell("u02-a"), cell("u02-b", by_hand=True), CellState.MISSING),
        (cell("u02-a"), cell("u02-b", expected=False), CellState.MISSING),
        (cell("u02-a"), cell("u02-b", read_until=None), CellState.UNKNOWN),
        (cell("u02-a"), cell("u02-b", by_hand=True, doubtful=True), CellState.UNKNOWN),
        (cell("u02-a"), cell("u02-b", expected=False, doubtful=True), CellState.UNKNOWN),
    ],
)
def test_a_unit_counts_by_its_best_account(first: Cell, second: Cell, state: CellState) -> None:
    assert unit(first, second).state is state
    assert unit(second, first).state is state


def test_of_two_that_carried_it_the_first_one_is_shown() -> None:
    late, early = RELEASED + 3 * HOUR, RELEASED + HOUR
    row = unit(cell("u02-a", carried_at=late), cell("u02-b", carried_at=early))
    assert (row.account, row.at, row.evidence) == ("u02-b", early, "A marker")


def test_before_the_deadline_nobody_is_missing() -> None:
    assert unit(cell(), as_of=DEADLINE).state is CellState.OPEN
    assert unit(cell(by_hand=True), as_of=DEADLINE).state is CellState.OPEN
    assert unit(cell(), as_of=DEADLINE + HOUR).state is CellState.MISSING


def test_what_is_not_released_cannot_be_missing() -> None:
    result = cover(cell(), item=release(released_at=None))
    assert [row.state for row in result.units] == [CellState.OPEN, CellState.OPEN]


def test_what_is_not_released_is_required_and_in_no_rate() -> None:
    """Nothing of a month is 0 per cent because a key item of it is still to come."""
    still = cover(cell(), item=release(released_at=None))
    assert (still.required, still.coverage, still.timeliness) == (2, None, None)
    assert still.of_unit("u02").coverage is None
    assert still.lean().coverage is None
    out = cover(cell(carried_at=RELEASED + HOUR))
    both = total([still, out])
    assert (both.required, both.open, both.coverage, both.timeliness) == (4, 2, 1, 1)
    assert total([still, still.lean()]).coverage is None


def test_the_flagships_unit_counts_through_the_first_release() -> None:
    row = cover(cell(carried_at=RELEASED + HOUR)).units[0]
    assert (row.unit, row.state, row.at, row.url, row.evidence) == (
        "u01",
        CellState.ON_TIME,
        RELEASED,
        "https://a.example.cn/first",
        "first release",
    )


def test_a_first_release_after_the_deadline_is_late() -> None:
    late = cover(item=release(released_at=DEADLINE + HOUR))
    assert late.units[0].state is CellState.LATE


def test_an_exempt_unit_stays_exempt_but_what_it_carried_is_shown() -> None:
    item = release(exempt={"u02": "与康复专科无关"})
    result = cover(cell(carried_at=RELEASED + HOUR), item=item)
    row = result.units[1]
    assert (row.state, row.reason, row.carried) == (
        CellState.EXEMPT,
        "与康复专科无关",
        CellState.ON_TIME,
    )
    assert (result.required, result.exempt, result.on_time) == (1, 1, 1)
    assert cover(cell(), item=item).units[1].carried is None


def test_a_unit_that_may_carry_it_is_not_required() -> None:
    item = release(optional=("u02",))
    result = cover(cell(carried_at=RELEASED + HOUR), item=item)
    row = result.units[1]
    assert (row.state, row.carried) == (CellState.OPTIONAL, CellState.ON_TIME)
    assert (result.required, result.optional, result.coverage) == (1, 1, 1)
    assert cover(cell(), item=item).units[1].carried is None


def test_first_and_last_time_are_those_of_the_others() -> None:
    late, early = DEADLINE + HOUR, RELEASED + HOUR
    result = cover(cell("u02-a", carried_at=late), cell("u02-b", carried_at=early))
    assert (result.first_carried_at, result.last_carried_at) == (early, late)
    assert cover(cell()).first_carried_at is None


def test_a_text_corrected_since_is_outdated_where_it_was_carried() -> None:
    old = replace(cell(carried_at=RELEASED + HOUR), outdated=True)
    assert cover(old).units[1].outdated
    assert not cover(replace(cell(), outdated=True)).units[1].outdated


def test_the_rates_leave_the_exempt_out() -> None:
    units = [f"u{n:02}" for n in range(1, 25)]
    cells = [cell(f"u{n:02}-w", carried_at=RELEASED + HOUR) for n in range(2, 13)]
    cells += [cell(f"u{n:02}-w", carried_at=AFTER) for n in range(13, 16)]
    cells += [cell(f"u{n:02}-w") for n in range(16, 20)]
    item = release(exempt={"u24": "不相关", "u23": "不相关", "u99": "不在名册"})

    result = item_coverage(item, cells, units, as_of=AFTER)

    assert (result.required, result.exempt) == (22, 2)
    assert (result.on_time, result.late, result.missing, result.unknown) == (12, 3, 4, 3)
    assert result.coverage == pytest.approx(15 / 22)
    assert result.timeliness == pytest.approx(12 / 22)
    assert result.as_of == AFTER


def test_rates_of_nobody_are_unknown_not_zero() -> None:
    result = item_coverage(release(exempt={"u02": "…"}), (), ("u02",), as_of=AFTER)
    assert (result.coverage, result.timeliness) == (None, None)


def test_every_account_has_its_line_of_evidence() -> None:
    result = cover(
        cell("u02-a", carried_at=RELEASED + HOUR), cell("u02-b"), cell("u02-c", doubtful=True)
    )
    assert [(row.account, row.state, row.url) for row in result.accounts] == [
        ("u01-wechat", CellState.ON_TIME, "https://a.example.cn/first"),
        ("u02-a", CellState.ON_TIME, "https://a.example.cn/u02-a"),
        ("u02-b", CellState.MISSING, ""),
        ("u02-c", CellState.UNKNOWN, "https://a.example.cn/u02-c"),
    ]


def test_six_items_and_24_units_make_141_required_cells() -> None:
    units = [f"u{n:02}" for n in range(1, 25)]
    exempt: list[dict[str, str]] = [{"u14": "…"}, {}, {"u06": "…", "u07": "…"}, {}, {}, {}]
    items = [item_coverage(release(exempt=reasons), (), units, as_of=AFTER) for reasons in exempt]
    assert (total(items).required, total(items).exempt) == (141, 3)
    assert total([]) == Tally()


def test_the_grid_has_a_row_per_unit_and_a_column_per_item() -> None:
    one = cover(cell(carried_at=RELEASED + HOUR))
    two = item_coverage(release(), (), ("u02", "u03"), as_of=AFTER)
    table = grid([one, two])
    assert list(table) == ["u01", "u02", "u03"]
    assert [row and row.state for row in table["u02"]] == [CellState.ON_TIME, CellState.UNKNOWN]
    assert table["u01"][1] is None
    assert table["u03"][0] is None


MOMENTS = st.sampled_from([None, RELEASED, DEADLINE, DEADLINE + HOUR, AFTER])


@given(
    st.lists(
        st.builds(
            cell,
            st.sampled_from(["u02-a", "u02-b", "u03-a", "u09-a"]),
            expected=st.booleans(),
            by_hand=st.booleans(),
            carried_at=MOMENTS,
            read_until=MOMENTS,
            doubtful=st.booleans(),
        )
    ),
    st.sampled_from([RELEASED, DEADLINE, AFTER]),
)
def test_every_unit_is_counted_exactly_once(cells: list[Cell], as_of: datetime) -> None:
    item = release(exempt={"u03": "…"})
    result = item_coverage(item, cells, ("u01", "u02", "u03", "u04"), as_of=as_of)
    parts = result.on_time + result.late + result.open + result.missing + result.unknown
    assert parts == result.required
    assert result.required + result.exempt == 4
