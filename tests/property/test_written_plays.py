"""Plays that chance hardly finds: each doubled a post when one safeguard was taken out.

All are about one status on Weibo, which keeps no key of ours.
"""

from __future__ import annotations

from bot.domain.publication import State
from tests.property import people
from tests.property.machine import AtMostOnce
from tests.property.troubles import LEASE_S, How, Job

STATUS = ("s1", "u01-weibo")
ROUNDS_MAX = 1000  # a call takes some dozens
LOOK_S = 260.0  # after so long a look for a lost status may say "not there"


def _trouble(machine: AtMostOnce, kind: str, **more: float) -> None:
    fault = {"platform": "weibo", "account": "u01-weibo", "kind": kind}
    path = {} if kind == "slow_review" else {"path": "statuses/share"}
    machine.district.platforms.ask("POST", "faults", fault | path | more)


def _state(machine: AtMostOnce) -> State:
    machine.laws.look()
    return next(pub.state for pub in machine.laws.pubs if (pub.post, pub.account) == STATUS)


def _alone(machine: AtMostOnce) -> None:
    """The calendar has nothing but the status."""
    office = machine.district.office
    office.posts = {"s1": office.posts["s1"]}
    office.write()
    machine.act(0, people.take_over, later=False)


def test_what_shows_late_is_looked_for_once_more_before_another_call(machine: AtMostOnce) -> None:
    """A look has said "not there"; before the freeze ends it shows after all."""
    _alone(machine)
    _trouble(machine, "lost_answer")
    _trouble(machine, "slow_review", seconds=2 * LOOK_S)
    machine.work(Job(How.ROUND, 0))
    assert _state(machine) is State.UNKNOWN
    machine.freeze(0, True, Job(How.GO_ON, 0))
    machine._pass(LOOK_S)
    for _round in range(2):
        machine.work(Job(How.ROUND, 0))
    assert _state(machine) is State.HELD
    machine._pass(2 * LOOK_S)
    machine.freeze(0, False, Job(How.ROUND, 0))
    machine._settle()
    assert _state(machine) is State.PUBLISHED


def _play_until(machine: AtMostOnce, state: State, rounds: int = ROUNDS_MAX) -> int:
    """Lets everybody go on until the status is in this state, or for so many rounds; how many."""
    played = 0
    while _state(machine) is not state and played < rounds:
        machine.district.stage.play(rounds=1, wait_s=1.0)
        played += 1
    return played


def _granted_again(machine: AtMostOnce) -> None:
    """A look has said "not there" of what shows in forty seconds; bot 0 is about to try again."""
    _alone(machine)
    _trouble(machine, "lost_answer")
    _trouble(machine, "slow_review", seconds=LOOK_S + 40)
    machine.work(Job(How.ROUND, 0))
    machine._pass(LOOK_S)
    machine.work(Job(How.START, 0))
    _play_until(machine, State.WAITING)
    machine.work(Job(How.START, 0))


def test_a_look_that_grew_stale_while_the_grant_was_written_is_none(machine: AtMostOnce) -> None:
    """Bot 0 is frozen between asking for the grant and getting it."""
    _granted_again(machine)
    granted = _play_until(machine, State.SENDING)  # each play takes the same course
    machine.district.end()
    again = AtMostOnce()
    again.begin(guarded=False, first=[])
    _granted_again(again)
    _play_until(again, State.SENDING, granted - 1)
    assert _state(again) is State.QUEUED
    loop = again.bot(0).loop
    assert loop is not None
    loop.paused = True
    again._pass(70)
    loop.paused = False
    again._settle()
    assert _state(again) is State.PUBLISHED


def _refused(machine: AtMostOnce) -> None:
    """Weibo refuses bot 0's call, which is about to hear it."""
    _alone(machine)
    _trouble(machine, "code", code=10024)
    machine.work(Job(How.START, 0))
    _play_until(machine, State.SENDING)


def test_an_answer_noted_too_late_changes_nothing_of_a_later_call(machine: AtMostOnce) -> None:
    """Bot 0 is frozen with a refusal in its hand until bot 1 is in the middle of its own call."""
    _refused(machine)
    recorded = _play_until(machine, State.WAITING)  # each play takes the same course
    machine.district.end()
    again = AtMostOnce()
    again.begin(guarded=False, first=[])
    _refused(again)
    _play_until(again, State.WAITING, recorded - 1)
    loop = again.bot(0).loop
    assert loop is not None
    loop.paused = True
    for wait_s in (LEASE_S + 1, LOOK_S):
        again._pass(wait_s)
        again.work(Job(How.START, 1))
        again._pass(6)
    _trouble(again, "latency", seconds=4.0)
    again.work(Job(How.START, 1))
    _play_until(again, State.SENDING)
    loop.paused = False
    again.district.stage.play(rounds=50)
    assert _state(again) is State.SENDING
    again._settle()
    assert _state(again) is State.PUBLISHED
