"""Which notices are due: stages, quiet hours, a freeze, and what the managers hear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.authorisation import Authorisation, Outlook
from bot.domain.coverage import Cell, KeyRelease, item_coverage
from bot.domain.notices import ADMINISTRATOR, MANAGERS, OFFICER, Notice
from bot.domain.publication import Role, State
from bot.domain.quiet import quiet_hours
from bot.domain.reminding import Terms, of_accounts, of_items, of_recalls, of_tasks, renewed
from bot.domain.roster import Account, Roster, Unit
from bot.domain.tasks import Task, TaskKind

BEIJING = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)
TERMS = Terms(zone=BEIJING, quiet=quiet_hours("21:30-07:30", BEIJING))
NAMES = {"u01": "区卫健委", "u02": "一院", "u03": "梨溪社区", "u04": "二院"}
ROSTER = Roster(
    units={unit: Unit(id=unit, name=f"澜汀{name}", short=name) for unit, name in NAMES.items()},
    accounts={
        f"{unit}-weibo": Account(
            id=f"{unit}-weibo",
            unit=unit,
            platform="weibo",
            name=f"健康{name}",
            verified_name=f"澜汀{name}",
        )
        for unit, name in NAMES.items()
    },
)


def at(text: str) -> datetime:
    """A moment of May 2026 in Beijing, e.g. "06 10:00"."""
    return datetime.fromisoformat(f"2026-05-{text}").replace(tzinfo=BEIJING).astimezone(UTC)


def task(since: str = "06 10:00", deadline: str = "07 10:00", **more: Any) -> Task:
    base: dict[str, Any] = {
        "kind": TaskKind.ACCEPT,
        "ref": 7,
        "post": "k1",
        "title": "流感防护",
        "unit": "u02",
        "account": "u02-weibo",
        "platform": "weibo",
        "role": Role.LIAISON,
        "since": at(since),
        "deadline_at": at(deadline) if deadline else None,
    }
    return Task(**{**base, **more})


def told(one: Task, now: str, **more: Any) -> list[Notice]:
    """What is due and need not wait."""
    found = of_tasks([one], ROSTER, TERMS, at(now), **more)
    return [notice for notice in found if not notice.waits]


def stages(one: Task, now: str, **more: Any) -> list[str]:
    return [notice.stage.split()[0] for notice in told(one, now, **more)]


@pytest.mark.parametrize(
    ("now", "stage"),
    [
        ("06 09:59", []),
        ("06 10:00", ["asked"]),
        ("06 21:29", ["asked"]),
        ("06 21:30", []),  # the night
        ("07 07:29", []),
        ("07 07:30", ["remind-14400s"]),  # 06:00 was in the night
        ("07 08:59", ["remind-14400s"]),
        ("07 09:00", ["remind-3600s"]),
        ("07 11:59", ["remind-3600s"]),  # told already; nothing new until the next stage
        ("07 12:00", ["late"]),
        ("08 10:00", ["late"]),
        ("08 10:01", []),  # pointless
    ],
)
def test_the_stages_of_a_day(now: str, stage: list[str]) -> None:
    assert stages(task(), now) == stage


def test_a_stage_that_was_slept_through_is_not_told_after_the_next() -> None:
    """At any moment one stage, so whoever was away tells one thing."""
    moments = [at("06 10:00") + timedelta(minutes=5 * step) for step in range(24 * 12)]
    found = {len(of_tasks([task()], ROSTER, TERMS, now)) for now in moments}
    assert found == {1}


def test_another_deadline_is_told_again() -> None:
    first, second = (told(task(deadline=text), "07 10:30") for text in ("07 11:00", "07 11:30"))
    assert first[0].key != second[0].key


def test_a_short_deadline_skips_the_reminder_that_would_come_before_the_question() -> None:
    short = task("06 10:00", "06 13:00")
    assert stages(short, "06 10:05") == ["asked"]
    assert stages(short, "06 11:59") == ["asked"]
    assert stages(short, "06 12:00") == ["remind-3600s"]


@pytest.mark.parametrize(
    ("since", "deadline", "now", "stage"),
    [
        # Due within four hours, before the morning: told at night.
        ("06 22:00", "07 01:00", "06 22:00", ["asked"]),
        ("06 22:00", "07 01:00", "07 00:10", ["remind-3600s"]),
        # As short, but there is time in the morning.
        ("07 06:00", "07 09:00", "07 06:00", []),
        ("07 06:00", "07 09:00", "07 07:30", ["asked"]),
        # Not urgent, due at night: reminded before the night, not after the deadline.
        ("06 10:00", "07 02:00", "06 20:59", ["asked"]),
        ("06 10:00", "07 02:00", "06 21:00", ["remind-3600s"]),
        ("06 10:00", "07 02:00", "06 21:30", []),
        ("06 10:00", "07 02:00", "07 07:30", ["late"]),
    ],
)
def test_the_night(since: str, deadline: str, now: str, stage: list[str]) -> None:
    assert stages(task(since, deadline), now) == stage


@pytest.mark.parametrize("kind", [TaskKind.CORRECT, TaskKind.WITHDRAW])
def test_what_must_come_down_is_told_at_once(kind: TaskKind) -> None:
    recall = task("06 23:00", "01 10:00", kind=kind)
    for now in ("06 23:00", "07 00:59"):
        assert stages(recall, now, frozen=True) == ["asked"]


@pytest.mark.parametrize("kind", [TaskKind.ACCEPT, TaskKind.HAND_OFF])
def test_a_freeze_puts_off_what_asks_to_publish(kind: TaskKind) -> None:
    assert stages(task(kind=kind), "06 12:00", frozen=True) == []
    assert stages(task(kind=kind), "06 12:00") == ["asked"]


def test_a_unit_that_carries_it_by_another_account_is_not_reminded() -> None:
    carried = {("k1", "u02")}
    assert stages(task(), "06 12:00", carried=carried) == ["asked"]
    assert stages(task(), "07 09:00", carried=carried) == []
    assert stages(task(), "07 09:00", carried={("k1", "u03"), ("k2", "u02")}) == ["remind-3600s"]


@pytest.mark.parametrize(
    ("role", "party"),
    [
        (Role.LIAISON, "u02"),
        (Role.OFFICER, OFFICER),
        (Role.AUTHOR, OFFICER),
        (Role.ADMINISTRATOR, ADMINISTRATOR),
    ],
)
def test_who_is_told(role: Role, party: str) -> None:
    (notice,) = told(task(role=role), "06 12:00")
    assert notice.party == party


def test_a_task_without_a_deadline_is_told_once() -> None:
    look = task(deadline="", kind=TaskKind.LOOK, role=Role.OFFICER)
    assert stages(look, "06 12:00") == ["asked"]
    assert stages(look, "20 12:00") == ["asked"]


@pytest.mark.parametrize("now", ["06 12:00", "07 09:00", "07 12:30"])
def test_a_notice_says_what_where_and_by_when(now: str) -> None:
    (notice,) = told(task(), now)
    for part in ("流感防护", "健康一院", "05-07 10:00"):
        assert part in notice.text
    assert len(notice.text) < 120


@pytest.mark.parametrize(
    ("now", "length"),
    [
        ("07 06:04", "4"),
        ("07 07:30", "2.*30"),
        ("07 09:00", "1"),
        ("07 09:21", "39"),
        ("07 12:01", "2"),
    ],
)
def test_how_long_is_left(now: str, length: str) -> None:
    (notice,) = of_tasks([task("06 10:00")], ROSTER, TERMS, at(now))
    when = notice.text.splitlines()[2].replace("05-07 10:00", "")
    assert re.search(rf"\D{length}\D", when)


# ── the managers ──────────────────────────────────────────────────────────────────────────────────


def escalated(
    cells: Sequence[Cell],
    now: str,
    moves: dict[tuple[str, str], Role] | None = None,
    *,
    frozen: bool = False,
) -> list[Notice]:
    item = KeyRelease(
        post="k1",
        title="流感防护",
        deadline_at=at("07 10:00"),
        flagship="u01-weibo",
        flagship_unit="u01",
        released_at=at("06 10:00"),
    )
    row = item_coverage(item, cells, list(ROSTER.units), as_of=at(now))
    found = of_items([row], moves or {}, ROSTER, TERMS, at(now), frozen=frozen)
    return [notice for notice in found if not notice.waits]


def cell(unit: str, **more: Any) -> Cell:
    return Cell(account=f"{unit}-weibo", unit=unit, read_until=at("08 10:00"), **more)


MIXED = [
    cell("u02", publication=State.CANCELLED),
    cell("u03", carried_at=at("07 09:00")),
    Cell(account="u04-weibo", unit="u04", publication=State.HANDED_OFF),
]


def test_the_managers_hear_once_who_lacks_it_and_whose_move_it_is() -> None:
    moves = {("k1", "u04"): Role.LIAISON}
    assert escalated(MIXED, "07 13:59", moves) == []
    (notice,) = escalated(MIXED, "07 14:00", moves)
    (again,) = escalated(MIXED, "08 13:00", moves)
    assert notice.key == again.key
    assert notice.party == MANAGERS
    for part in ("流感防护", "05-07 10:00", "一院", "二院", "bot coverage k1"):
        assert part in notice.text
    assert "梨溪社区" not in notice.text
    assert escalated(MIXED, "08 14:01", moves) == []


def test_unknown_alone_is_no_reason_to_tell() -> None:
    unread = [
        Cell(account="u04-weibo", unit="u04"),
        *MIXED[1:2],
        cell("u02", carried_at=at("06 12:00")),
    ]
    assert escalated(unread, "07 14:00") == []
    assert escalated(unread, "07 14:00", {("k1", "u04"): Role.PLATFORM}) == []
    assert len(escalated(unread, "07 14:00", {("k1", "u04"): Role.LIAISON})) == 1


def test_what_nobody_could_read_is_named_apart() -> None:
    unread = [MIXED[0], MIXED[1], Cell(account="u04-weibo", unit="u04")]
    (notice,) = escalated(unread, "07 14:00")
    lines = notice.text.splitlines()
    assert [line for line in lines if line.startswith("- ")] == [
        line for line in lines if "一院" in line
    ]
    assert any("二院" in line for line in lines)


def test_the_managers_are_not_woken_nor_pressed() -> None:
    assert escalated(MIXED, "07 22:00") == []
    assert escalated(MIXED, "07 14:00", frozen=True) == []
    assert len(escalated(MIXED, "08 07:30")) == 1


# ── accounts ──────────────────────────────────────────────────────────────────────────────────────


def authorisation(state: Outlook, until: str = "") -> Authorisation:
    return Authorisation(
        account="u02-weibo",
        state=state,
        until=at(until) if until else None,
        reason="令牌已撤销" if state is Outlook.REFUSED else "",
        posts_after=3,
    )


def accounts(now: str, *found: Authorisation) -> list[Notice]:
    return [one for one in of_accounts(found, ROSTER, TERMS, at(now)) if not one.waits]


def test_an_ending_authorisation_is_told_once_for_each_end() -> None:
    soon = [
        accounts(now, authorisation(Outlook.SOON, "20 10:00")) for now in ("06 12:00", "07 12:00")
    ]
    assert soon[0][0].key == soon[1][0].key
    assert soon[0][0].party == ADMINISTRATOR
    assert "2026-05-20" in soon[0][0].text
    (later,) = accounts("06 12:00", authorisation(Outlook.SOON, "21 10:00"))
    (over,) = accounts("20 12:00", authorisation(Outlook.RUN_OUT, "20 10:00"))
    assert len({soon[0][0].key, later.key, over.key}) == 3


def test_a_refused_authorisation_says_why() -> None:
    (notice,) = accounts("06 12:00", authorisation(Outlook.REFUSED))
    assert "令牌已撤销" in notice.text
    assert "健康一院" in notice.text
    assert accounts("06 22:00", authorisation(Outlook.REFUSED)) == []


@pytest.mark.parametrize("state", [Outlook.FINE, Outlook.MISSING])
def test_nothing_to_tell(state: Outlook) -> None:
    assert accounts("06 12:00", authorisation(state)) == []


def test_what_must_come_down_once_more_is_told_once_more() -> None:
    """The liaison said it is gone, and it was seen again."""
    first = task(kind=TaskKind.WITHDRAW, deadline="")
    keys = {
        notice.key
        for again in (0, 1, 1)
        for notice in of_tasks([replace(first, again=again)], ROSTER, TERMS, at("06 11:00"))
    }
    assert {stage for _what, _party, stage in keys} == {"asked", "asked-1"}


# ── what must come down ───────────────────────────────────────────────────────────────────────────


def recall_task(since: str = "06 10:00", unit: str = "u02", **more: Any) -> Task:
    base = {"kind": TaskKind.WITHDRAW, "deadline": "", "unit": unit, "account": f"{unit}-weibo"}
    return task(since, **{**base, **more})


@pytest.mark.parametrize("kind", [TaskKind.CORRECT, TaskKind.WITHDRAW])
@pytest.mark.parametrize(
    ("now", "stage"),
    [("06 23:59", "asked"), ("07 00:00", "late"), ("07 12:00", "late"), ("20 12:00", "late")],
)
def test_what_is_public_still_is_told_once_more_also_at_night(
    kind: TaskKind, now: str, stage: str
) -> None:
    """Also where the unit carries the post: that is what it is about."""
    one = recall_task("06 22:00", kind=kind)
    assert stages(one, now, carried={("k1", "u02")}, frozen=True) == [stage]


def test_a_late_recall_says_since_when_and_comes_again_after_it_was_seen_again() -> None:
    first = recall_task()
    second = replace(first, again=1, since=at("06 20:00"))
    (one,), (two,) = told(first, "06 12:00"), told(second, "06 22:00")
    assert one.key != two.key
    assert "05-06 10:00" in one.text
    assert "05-06 20:00" in two.text


def recalled(now: str, *tasks: Task) -> list[Notice]:
    return [one for one in of_recalls(tasks, ROSTER, TERMS, at(now)) if not one.waits]


def test_officer_and_managers_hear_where_it_still_is() -> None:
    tasks = [recall_task("06 22:00"), recall_task("07 01:00", "u03"), task()]
    assert recalled("07 01:59", *tasks) == []
    found = recalled("07 02:00", *tasks)
    assert {one.party for one in found} == {MANAGERS, OFFICER}
    for one in found:
        for part in ("流感防护", "健康一院", "健康梨溪社区"):
            assert part in one.text
    assert len({one.key for one in [*found, *recalled("07 02:30", *tasks)]}) == 2


def test_an_account_that_joins_later_is_told_later() -> None:
    early, late = recall_task("06 10:00"), recall_task("06 20:00", "u03")
    first = {one.key for one in recalled("06 22:00", early, late)}
    both = recalled("07 00:00", early, late)
    assert first.isdisjoint(one.key for one in both)
    # What was done meanwhile is no news.
    assert {one.key for one in recalled("07 00:00", early)} == first


def test_a_correction_and_a_withdrawal_are_two_things() -> None:
    both = [recall_task(), recall_task(kind=TaskKind.CORRECT)]
    assert len({one.key for one in recalled("06 15:00", *both)}) == 4


# ── another text, and units that need not ─────────────────────────────────────────────────────────

OLD, NEW = "a" * 64, "b" * 64


@pytest.mark.parametrize("kind", [TaskKind.ACCEPT, TaskKind.HAND_OFF])
@pytest.mark.parametrize("now", ["06 12:00", "07 09:00", "07 12:00"])
def test_another_text_is_told_and_named_as_such(kind: TaskKind, now: str) -> None:
    (first,) = told(task(kind=kind, version=OLD), now)
    (same,) = told(task(kind=kind, version=OLD), now)
    (second,) = told(task(kind=kind, version=NEW), now)
    assert first.key == same.key != second.key
    assert "a" * 12 in first.stage
    assert renewed(first, []) == first == renewed(first, [first.stage, "asked"])
    changed = renewed(second, ["asked", first.stage])
    assert changed.key == second.key
    assert changed.text.startswith(second.text)
    assert len(changed.text) > len(second.text)
    assert len(first.stage) <= 64


def test_a_package_that_is_open_again_is_told_again_and_why() -> None:
    first = task(kind=TaskKind.HAND_OFF, version=OLD)
    (one,), (two,) = told(first, "06 12:00"), told(replace(first, again=1), "06 12:00")
    assert one.key != two.key
    assert one.text != two.text


@pytest.mark.parametrize("now", ["06 12:00", "07 09:00", "07 12:00"])
@pytest.mark.parametrize("kind", [TaskKind.ACCEPT, TaskKind.HAND_OFF])
def test_an_exempt_unit_is_not_asked(kind: TaskKind, now: str) -> None:
    assert stages(task(kind=kind), now, exempt={("k1", "u02")}) == []
    assert len(stages(task(kind=kind), now, exempt={("k1", "u03"), ("k2", "u02")})) == 1


def test_an_exempt_unit_is_told_of_what_is_its_own() -> None:
    own = task(kind=TaskKind.HAND_OFF, deadline="")
    assert stages(own, "06 12:00", exempt={("k1", "u02")}) == ["asked"]


def test_an_exempt_unit_takes_down_what_it_carries() -> None:
    assert stages(recall_task(), "06 11:00", exempt={("k1", "u02")}) == ["asked"]
