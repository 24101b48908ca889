"""Letters: what falls due together goes together, in as many as the limit asks for."""

from __future__ import annotations

import random

from bot.domain.letters import fit, pack, size
from bot.domain.notices import MANAGERS, Letter, Notice
from tests.bot.domain.test_reminding import ROSTER, at, task

UNTIL = at("08 10:00")


def notice(number: int, party: str = "u02", text: str = "") -> Notice:
    return Notice(
        what=f"accept-{number}",
        party=party,
        stage="asked",
        text=text or f"《流感防护{number}》\n请确认。",
        until=UNTIL,
        task=task(ref=number) if party.startswith("u") else None,
    )


def test_one_notice_is_a_letter_with_its_link() -> None:
    (packed,) = pack([notice(1)], {"accept-1": "https://a.example/t/1"}, ROSTER, 2048)
    assert "一院" in packed.letter.title
    assert packed.letter.text.splitlines()[:2] == ["《流感防护1》", "请确认。"]
    assert packed.letter.text.endswith("https://a.example/t/1")


def test_without_a_link_a_unit_is_told_whom_to_answer() -> None:
    (unit,) = pack([notice(1)], {}, ROSTER, 2048)
    (office,) = pack([notice(1, MANAGERS)], {}, ROSTER, 2048)
    assert len(unit.letter.text.splitlines()) == 3
    assert len(office.letter.text.splitlines()) == 2


def test_parties_of_one_robot_stand_apart() -> None:
    (packed,) = pack([notice(1), notice(2, "u03"), notice(3)], {}, ROSTER, 2048)
    text = packed.letter.text
    assert [line for line in text.splitlines() if line.startswith("◆")] == ["◆ 一院", "◆ 梨溪社区"]
    assert text.index("流感防护1") < text.index("流感防护3") < text.index("◆ 梨溪社区")
    assert "1. 《流感防护1》" in text
    assert "2. 《流感防护3》" in text


def test_no_notice_is_lost_or_doubled_and_every_letter_fits() -> None:
    luck = random.Random(6)
    for _round in range(50):
        given = [
            notice(number, luck.choice(["u02", "u03", "u04"]), "健" * luck.randrange(1, 200))
            for number in range(luck.randrange(1, 30))
        ]
        limit = luck.choice([300, 700, 2048])
        links = {one.what: "https://a.example/t/" + "x" * luck.randrange(80) for one in given}
        packed = pack(given, links, ROSTER, limit)
        assert all(size(one.letter) <= limit for one in packed)
        assert sorted(one.what for letter in packed for one in letter.notices) == sorted(
            one.what for one in given
        )


def test_a_cut_leaves_whole_signs() -> None:
    letter = Letter(title="待办", text="健康🏥" * 50)
    for limit in range(100, 140):
        short = fit(letter, limit)
        assert limit - 6 < size(short) <= limit
        assert short.text.endswith("…")
    assert fit(letter, 10_000) == letter
