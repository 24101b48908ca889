"""`bot withdraw`, `bot correct`, `bot recalls`: asked first, told in full, or refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.domain import recall_words as words
from tests.bot.cli.office import Office
from tests.bot.engine.world import article

ROOT = Path(__file__).parents[3] / "bot"


@pytest.fixture
def planned(office: Office) -> Office:
    """One post, planned on one account."""
    office.write(article())
    assert office.bot("plan", "--apply").code == 0
    return office


def states(office: Office) -> set[str]:
    return {pub["state"] for pub in office.ask("publications", "list")["publications"]}


def test_a_withdrawal_asks_first(planned: Office) -> None:
    ran = planned.bot("withdraw", "p1", "--reason", "数据有误", stdin="n\n")
    assert ran.code == 0
    assert states(planned) == {"planned"}
    assert planned.ask("recalls", "list") == {"recalls": []}
    ran = planned.bot("withdraw", "p1", "--reason", "数据有误", "--by", "王主任", stdin="y\n")
    assert ran.code == 0
    assert states(planned) == {"cancelled"}


def test_the_record_says_who_did_what_when(planned: Office) -> None:
    made = planned.ask("withdraw", "p1", "--reason", "数据有误", "--by", "王主任", "--yes")
    (entry,) = planned.ask("recalls", "list")["recalls"]
    assert (entry["kind"], entry["post"], entry["by"]) == ("withdraw", "p1", "王主任")
    assert (entry["accounts"], entry["open"]) == (1, 0)
    (step,) = made["steps"]
    assert (step["account"], step["state"], step["done_by"]) == ("u01-wechat", "done", "王主任")
    (event,) = planned.ask("recalls", "show", "1")["events"]
    assert (event["event"], event["by"], event["account"]) == ("called_off", "王主任", "u01-wechat")
    shown = planned.bot("recalls", "show", "1")
    assert (shown.code, "王主任" in shown.out, "u01-wechat" in shown.out) == (0, True, True)


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["withdraw", "p9", "--reason", "x", "--yes"], "p9"),
        (["withdraw", "p1", "--reason", " ", "--yes"], "--reason"),
        (["correct", "p1", "--reason", "x", "--yes"], "bot plan --apply"),
        (["recalls", "show", "7"], "7"),
        (["recalls", "done", "7"], "bot recalls show"),
        (["recalls", "done", "7", "--cannot"], "--note"),
    ],
)
def test_what_makes_no_sense_is_refused(planned: Office, args: list[str], complaint: str) -> None:
    ran = planned.bot(*args)
    assert ran.code == 2
    assert complaint in ran.told
    assert states(planned) == {"planned"}


def test_every_word_of_a_recall_has_words_for_people() -> None:
    files = [*ROOT.glob("domain/recall.py"), *ROOT.glob("engine/recall*.py")]
    text = "\n".join(file.read_text("utf-8") for file in files)
    used = set(re.findall(r'(?:name=|word=|StepState\.[A-Z]+, |word = )"([a-z_]+)"', text))
    used = (used - {"ordered"}) | {"said_done", "cannot", "shows_the_original"}
    assert len(used) > 15
    assert {word for word in used if words.word(word) in {"", word}} == set()
