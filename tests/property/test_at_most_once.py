"""At most once, nothing lost: the machine of tests/property/machine.py is let loose.

In CI it plays the same examples each time. With BOT_SOAK_SECONDS it plays new ones for so long;
the seeds it used are printed and reported, BOT_SOAK_SEED plays one of them again. With
BOT_MACHINE_SHRINK a failure is made as small as it gets.
"""

from __future__ import annotations

import logging
import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from bot import logs
from tests.bot.engine.world import Data
from tests.property.district import District
from tests.property.machine import AtMostOnce, stages, tally
from tests.property.troubles import How, Job

LEDGER_URL = "BOT_MACHINE_LEDGER_URL"  # PostgreSQL instead of SQLite files
SOAK_S = float(os.environ.get("BOT_SOAK_SECONDS", "0"))
SOAK_SEED = os.environ.get("BOT_SOAK_SEED", "")
SHRINK = bool(os.environ.get("BOT_MACHINE_SHRINK"))  # takes minutes
EXAMPLES, STEPS = 30, 30
LAST_MOMENT, STRIDE = 240, 9  # iterations of a round in which the bot has something to do


@contextmanager
def stage_set() -> Iterator[None]:
    """Platforms for all examples; silence about what the dead leave behind."""
    logs.configure("critical")
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        district = District(Path(folder), os.environ.get(LEDGER_URL, ""))
        stages[:] = [district]
        try:
            yield
        finally:
            district.close()
            logging.disable(logging.NOTSET)
            stages.clear()


def _profile(*, derandomize: bool) -> settings:
    return settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=derandomize,
        database=None,
        phases=[Phase.generate, Phase.shrink] if SHRINK else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


# A process that was killed closes no files; here the files of the dead are closed by the collector.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.timeout(SOAK_S + 600)
def test_at_most_once_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    """Thirty examples of thirty steps; or as many as fit into BOT_SOAK_SECONDS."""
    begun = time.monotonic()
    try:
        with stage_set():
            if not SOAK_S:
                run_state_machine_as_test(AtMostOnce, settings=_profile(derandomize=True))
            while time.monotonic() - begun < SOAK_S:
                chosen = int(SOAK_SEED or random.SystemRandom().getrandbits(32))
                tally.seeds.append(chosen)
                machine = seed(chosen)(type("AtMostOnce", (AtMostOnce,), {}))
                run_state_machine_as_test(machine, settings=_profile(derandomize=False))
    finally:
        tally.add("seconds", round(time.monotonic() - begun))
        tally.report("state machine")
        with capsys.disabled():
            print(f"\nat most once: survived {tally.line()}; seeds {tally.seeds or 'fixed'}")
    assert tally.counts["deaths"] > 0
    assert tally.counts["faults"] > 0
    assert tally.counts["published"] > 0


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.timeout(600)
def test_it_may_die_at_any_moment_of_a_round() -> None:
    """Every kind of post is under way; the power fails at one iteration after the other.

    Some answers are lost and some calls take effect late, so that the next bot finds doubts too.
    """
    troubles: list[Data] = [
        {"platform": "weibo", "kind": "latency", "seconds": 90.0, "path": "statuses/share"},
        {"platform": "wechat", "kind": "lost_answer", "path": "freepublish/submit"},
        {"platform": "wechat", "kind": "lost_answer", "path": "message/mass/sendall"},
    ]
    deaths = tally.counts["deaths"]
    with stage_set():
        for moment in range(0, LAST_MOMENT, 1 if SOAK_S else STRIDE):
            machine = AtMostOnce()
            try:
                machine.begin(guarded=False, first=troubles if moment % 2 else [])
                machine.laws_hold()
                machine.work(Job(How.ROUND, 0, death=moment))
                machine.laws_hold()
            finally:
                machine.teardown()
    assert tally.counts["deaths"] - deaths > LAST_MOMENT // STRIDE // 2
