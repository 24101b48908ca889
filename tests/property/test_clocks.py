"""A machine whose clock runs ahead, or is set while a call is under way, doubles nothing.

Weibo keeps no key of ours and shows five statuses, so its lost answers depend on time the most.
"""

from __future__ import annotations

import pytest

from tests.property.machine import AtMostOnce
from tests.property.troubles import How, Job

ROUND = Job(How.ROUND, 0, 0, None)


def _trouble(machine: AtMostOnce, kind: str, **more: float) -> None:
    fault = {
        "platform": "weibo",
        "account": "u01-weibo",
        "kind": kind,
        "times": 1,
        "path": "statuses/share",
    }
    machine.district.platforms.ask("POST", "faults", fault | more)


@pytest.mark.parametrize("ahead_s", [-3600.0, 90.0, 600.0, 3600.0, 90000.0])
def test_an_answer_lost_while_the_clock_was_wrong(machine: AtMostOnce, ahead_s: float) -> None:
    _trouble(machine, "lost_answer")
    machine.bot(0).clock.wrong_s = ahead_s
    machine.work(ROUND)
    machine.bot(0).clock.wrong_s = 0.0
    machine._settle()  # and checks the laws


@pytest.mark.parametrize("set_by_s", [-600.0, 300.0, 600.0])
@pytest.mark.parametrize("call_s", [45.0, 90.0])
def test_a_clock_set_while_a_call_is_under_way(
    machine: AtMostOnce, set_by_s: float, call_s: float
) -> None:
    _trouble(machine, "latency", seconds=call_s)
    machine.work(Job(How.START, 0, 0, None))
    machine._pass(6)
    machine.bot(0).clock.wrong_s = set_by_s
    for _round in range(4):
        machine.work(ROUND)
        machine._pass(11)
    machine.bot(0).clock.wrong_s = 0.0
    machine._settle()
