"""Who must act: each cause has its owner and its deed, and a person's comes before waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.coverage import Cell, CellState, Exemption, KeyRelease, item_coverage
from bot.domain.lacking import Lack, Situation, Todo, lacking
from bot.domain.publication import Hold, Publication, Role, State
from tests.bot.domain.making import publication

RELEASED = datetime(2026, 5, 12, 1, tzinfo=UTC)
DEADLINE = RELEASED + timedelta(hours=24)
AFTER = DEADLINE + timedelta(days=3)
HOUR = timedelta(hours=1)


def pub(state: State, reason: str = "", *, next_at: datetime | None = None) -> Publication:
    return replace(publication(), state=state, reason=reason, next_at=next_at)


def lacks(
    *situations: Situation, released: datetime | None = RELEASED, exempt: Sequence[str] = ()
) -> list[Lack]:
    """What is said of u02 and u03, of which nothing but `situations` is known."""
    item = KeyRelease(
        post="k1",
        title="护士节",
        deadline_at=DEADLINE,
        flagship="u01-wechat",
        flagship_unit="u01",
        released_at=released,
        exempt={unit: Exemption(reason="不相关", by="宣传科", at=RELEASED) for unit in exempt},
    )
    cells = [Cell(account=one.account, unit=one.unit, read_until=AFTER) for one in situations]
    found = item_coverage(item, cells, ("u01", "u02", "u03"), as_of=AFTER)
    return lacking(found, situations)


def on(account: str, one: Publication | None = None, **more: object) -> Situation:
    unit = account.partition("-")[0]
    return replace(Situation(account=account, unit=unit, publication=one), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "todo", "role"),
    [
        (pub(State.HELD, Hold.ACCEPTANCE), Todo.ACCEPT, Role.LIAISON),
        (pub(State.HANDED_OFF), Todo.HAND_OFF, Role.LIAISON),
        (pub(State.UNKNOWN), Todo.LOOK, Role.OFFICER),
        (pub(State.HELD, Hold.FIRST_RELEASE), Todo.WAIT, Role.BOT),
        (pub(State.HELD, Hold.FROZEN), Todo.UNFREEZE, Role.OFFICER),
        (pub(State.HELD, Hold.PAUSED), Todo.AUTHORISE, Role.ADMINISTRATOR),
        (pub(State.HELD, Hold.REGISTRY), Todo.REGISTER, Role.ADMINISTRATOR),
        (pub(State.HELD, Hold.CHECK), Todo.MEND, Role.AUTHOR),
        (pub(State.HELD, Hold.REVIEW), Todo.REVIEW, Role.REVIEWER),
        (pub(State.FAILED, "rejected"), Todo.MEND, Role.AUTHOR),
        (pub(State.MISSED, "window_passed"), Todo.RETRY, Role.AUTHOR),
        (pub(State.CANCELLED, "declined"), Todo.EXEMPT, Role.OFFICER),
        (pub(State.CANCELLED, "carried_by_hand"), Todo.REPRINT, Role.LIAISON),
        (pub(State.PUBLISHED), Todo.REPRINT, Role.LIAISON),
        (pub(State.PENDING), Todo.WAIT, Role.PLATFORM),
        (pub(State.UNKNOWN, next_at=AFTER), Todo.WAIT, Role.BOT),
        (pub(State.WAITING, "quota"), Todo.WAIT, Role.CLOCK),
    ],
)
def test_each_state_has_its_owner_and_its_deed(one: Publication, todo: Todo, role: Role) -> None:
    [u02, _u03] = sorted(lacks(on("u02-wechat", one)), key=lambda lack: lack.unit)
    assert (u02.unit, u02.todo, u02.role, u02.account) == ("u02", todo, role, "u02-wechat")


def test_before_the_first_release_that_is_what_is_owed() -> None:
    held = on("u02-wechat", pub(State.HELD, Hold.FIRST_RELEASE))
    found = {lack.unit: lack for lack in lacks(held, released=None)}
    assert (found["u02"].todo, found["u02"].role) == (Todo.RELEASE, Role.OFFICER)


def test_what_a_person_can_do_comes_before_waiting() -> None:
    waits = on("u02-a", pub(State.PENDING))
    asks = on("u02-b", pub(State.HELD, Hold.ACCEPTANCE), reminded_at=AFTER)
    [lack, _other] = lacks(waits, asks)
    assert (lack.account, lack.todo, lack.reminded_at) == ("u02-b", Todo.ACCEPT, AFTER)


def test_a_doubtful_match_is_the_officers_to_decide() -> None:
    seen = RELEASED + 5 * HOUR
    [lack, _other] = lacks(on("u02-a", pub(State.MISSED), doubtful_since=seen))
    assert (lack.todo, lack.role, lack.since) == (Todo.DECIDE, Role.OFFICER, seen)


def test_an_account_nobody_could_read_is_read_first() -> None:
    """It may have been carried by hand: having it sent again is not what comes next."""
    missed = pub(State.MISSED)
    for error, role in (("", Role.BOT), ("48001", Role.ADMINISTRATOR)):
        found = lacks(on("u02-a", missed, unread=True, read_error=error))
        assert ("u02", Todo.READ, role) in {(lack.unit, lack.todo, lack.role) for lack in found}


def test_a_unit_without_an_account_must_get_one() -> None:
    lack = lacks()[0]
    assert (lack.unit, lack.state, lack.todo) == ("u02", CellState.UNKNOWN, Todo.ENROL)
    assert (lack.role, lack.account, lack.since) == (Role.ADMINISTRATOR, "", RELEASED)


def test_nobody_could_act_before_the_first_release() -> None:
    early = on("u02-a", pub(State.HELD, Hold.ACCEPTANCE), since=RELEASED - 9 * HOUR)
    assert lacks(early)[0].since == RELEASED
    late = replace(early, since=RELEASED + 9 * HOUR)
    assert lacks(late)[0].since == RELEASED + 9 * HOUR


def test_only_what_is_required_and_lacking_is_named() -> None:
    assert [lack.unit for lack in lacks(exempt=["u02"])] == ["u03"]


def test_pressing_ones_come_first() -> None:
    found = lacks(on("u02-a", pub(State.MISSED)), on("u03-a", pub(State.HELD, Hold.ACCEPTANCE)))
    assert [(lack.unit, lack.todo) for lack in found] == [
        ("u03", Todo.ACCEPT),
        ("u02", Todo.RETRY),
    ]
