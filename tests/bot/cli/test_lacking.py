"""Who has not carried it and who must act: one screen for a manager, the same as data."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from bot.cli.lacking import lines_of
from bot.domain.coverage import Cell, KeyRelease, item_coverage
from bot.domain.lacking import Lack, Situation, lacking
from bot.domain.publication import Hold, Publication, State
from bot.domain.roster import Roster, Unit
from bot.settings import Settings
from tests.bot.cli.office import Office
from tests.bot.domain.making import publication
from tests.bot.engine.world import key_item, roster

RELEASE = "2026-05-06 10:00"
RELEASED = datetime(2026, 5, 12, 1, tzinfo=UTC)
DEADLINE = RELEASED + timedelta(hours=24)
AFTER = DEADLINE + timedelta(days=3)
# What keeps units from carrying it, by turns.
_WHY = (
    (State.HELD, Hold.ACCEPTANCE.value),
    (State.HANDED_OFF, ""),
    (State.MISSED, "window_passed"),
    (State.HELD, Hold.PAUSED.value),
    (State.FAILED, "rejected"),
    (State.CANCELLED, "declined"),
)


def _units(count: int) -> Roster:
    units = [
        Unit(
            id=f"u{number:03d}",
            name=f"澜汀区第{number:03d}社区卫生服务中心",
            short=f"梨溪{number:03d}社区",
            liaison="王小芳",
        )
        for number in range(count)
    ]
    return Roster(units={unit.id: unit for unit in units})


def _pub(number: int) -> Publication:
    state, reason = _WHY[number % len(_WHY)]
    values = {"state": state, "reason": reason, "unit": f"u{number:03d}", "next_at": None}
    return publication(id=number, **values)


@pytest.mark.parametrize(("count", "height"), [(24, 24), (100, 40)])
def test_all_units_of_a_matrix_fit_one_screen(count: int, height: int) -> None:
    """80 columns wide, though nobody has carried it, for six different causes."""
    members = _units(count)
    release = KeyRelease(
        post="k1",
        title="护士节特稿",
        deadline_at=DEADLINE,
        flagship="u000-wechat",
        flagship_unit="u000",
        released_at=RELEASED,
    )
    found = [
        Situation(account=f"{unit}-wechat", unit=unit, publication=_pub(number))
        for number, unit in enumerate(members.units)
    ]
    cells = [Cell(account=one.account, unit=one.unit, read_until=AFTER) for one in found]
    item = item_coverage(release, cells, list(members.units), as_of=AFTER)
    lacks: list[Lack] = lacking(item, found)
    assert len(lacks) == count - 1
    paper = io.StringIO()
    console = Console(file=paper, width=80)
    for line in lines_of(item, lacks, members, Settings()):
        console.print(line)
    lines = paper.getvalue().splitlines()
    assert len(lines) < height  # the prompt stands there too
    shown = "\n".join(lines)
    for unit in list(members.units.values())[1:]:
        assert unit.short in shown  # whole: no name is broken by the screen's edge
    assert shown.count("王小芳") == sum(lack.role.value == "liaison" for lack in lacks)


@pytest.fixture
def office_with_k1(office: Office) -> Office:
    """k1 is out; u02 was asked and has not answered, u03 has a package."""
    members = roster(u02_wechat={"reprint": "confirm"}, u03_wechat={"reprint": "manual"})
    members["units"][1]["liaison"] = "王芳"
    office.write(key_item("k1", at=RELEASE), members=members)
    assert office.bot("plan", "--apply").code == 0
    for account in ("u01-wechat", "u01-weibo"):
        link = f"https://mp.weixin.qq.com/s/{account}"
        ran = office.bot("publications", "confirm", f"k1@{account}", "--url", link, "--at", RELEASE)
        assert ran.code == 0
    return office


def test_who_must_act_is_data_as_well(office_with_k1: Office) -> None:
    [item] = office_with_k1.ask("coverage", "k1")["key_items"]
    lacking_ = {row["unit"]: row for row in item["lacking"]}
    assert list(lacking_["u02"]) == [
        *("unit", "state", "owed_by", "kind", "account", "since", "deadline", "reminded_at")
    ]
    assert set(lacking_) == {"u02", "u03"}
    assert lacking_["u02"]["deadline"] == "2026-05-07T10:00:00+08:00"
    assert lacking_["u02"]["reminded_at"] is None
    assert lacking_["u02"]["account"] == "u02-wechat"


def test_an_exemption_is_granted_and_ended_by_command(office_with_k1: Office) -> None:
    office = office_with_k1
    granted = office.bot(
        *("coverage", "k1", "--exempt", "u03", "--reason", "停诊", "--by", "宣传科"),
        *("--format", "json"),
    )
    [item] = granted.document["key_items"]
    row = next(row for row in item["units"] if row["unit"] == "u03")
    assert (row["state"], row["reason"], row["exempt_by"]) == ("exempt", "停诊", "宣传科")
    assert row["exempt_since"] is not None
    assert (item["required"], item["exempt"]) == (2, 1)
    assert "停诊" in office.bot("coverage", "k1", "--evidence").out
    assert office.bot("plan", "--apply").code == 0  # the calendar knows nothing of it
    assert office.ask("coverage", "k1")["key_items"][0]["exempt"] == 1
    ended = office.bot("coverage", "k1", "--end-exempt", "u03", "--by", "宣传科")
    assert ended.err == ""
    assert office.ask("coverage", "k1")["key_items"][0]["exempt"] == 0


@pytest.mark.parametrize(
    "args",
    [
        ["k1", "--exempt", "u09", "--reason", "停诊", "--by", "宣传科"],
        ["k9", "--exempt", "u03", "--reason", "停诊", "--by", "宣传科"],
        ["k1", "--exempt", "u03", "--by", "宣传科"],
        ["k1", "--exempt", "u03", "--reason", "停诊"],
        ["k1", "--exempt", "u03", "--reason", "停诊", "--by", "calendar"],
        ["--exempt", "u03", "--reason", "停诊", "--by", "宣传科"],
        ["k1", "--end-exempt", "u03", "--by", "宣传科"],
        ["k1", "--as-of", "2099-01-01"],
        ["k1", "--as-of", "gestern"],
    ],
)
def test_what_cannot_be_recorded_is_refused(office_with_k1: Office, args: list[str]) -> None:
    ran = office_with_k1.bot("coverage", *args)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert office_with_k1.ask("coverage", "k1")["key_items"][0]["exempt"] == 0


def test_what_the_calendar_exempts_is_ended_in_the_calendar(office: Office) -> None:
    item = key_item("k1", at=RELEASE)
    item["key"]["exempt"] = {"u03": "与康复专科无关"}
    office.write(item, members=roster(u02_wechat={"reprint": "manual"}))
    assert office.bot("plan", "--apply").code == 0
    ran = office.bot("coverage", "k1", "--end-exempt", "u03", "--by", "宣传科")
    assert (ran.code, ran.out) == (2, "")
    assert "k1" in ran.err
