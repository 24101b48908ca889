"""The soak, short enough for every run of the tests; `make soak` plays it for as long as asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak.run import order, soak

SEED = 7


@pytest.mark.timeout(240)  # about forty seconds on a machine that does nothing else
@pytest.mark.parametrize(
    ("ledger", "seconds", "settle_s", "kills", "faults"),
    [("postgres", 22.0, 10.0, 8, 40), ("sqlite", 10.0, 5.0, 1, 8)],
)
async def test_workers_die_servers_vanish_and_every_post_goes_out_once(
    tmp_path: Path, ledger: str, seconds: float, settle_s: float, kills: int, faults: int
) -> None:
    asked = replace(order(ledger, seconds, SEED, settle_s=settle_s), strikes=kills + faults + 8)
    report = await soak(asked, tmp_path)
    evidence = "\n".join([*report.doubled, *report.lost, *report.wrong])
    assert report.good, evidence
    # Fewer than these, and the storm has not raged.
    assert report.facts["kills"] >= kills, report.facts
    assert report.facts["faults"] >= faults, report.facts
    assert report.facts["public posts"] > 0, report.facts
