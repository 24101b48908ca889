"""The bench of the desk finds every page and gets an answer; how fast is nothing for a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench import desk, office, walk
from bench.figures import percentile
from bot.web.desk.site import ROUTES


async def test_every_page_of_a_small_office_is_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office, "ITEMS", 50_000)  # of which this office has its share
    size = replace(desk.size_of_now(), units=8, accounts=16, key_items=60)
    url = f"sqlite:///{(tmp_path / 'ledger.sqlite3').as_posix()}"
    settings = office.settings_of(tmp_path, url, platform="http://127.0.0.1:9", listen="")
    async with office.opened(tmp_path, settings, size) as (app, at):
        places = await walk.places(app, list(at.cookies))
    costs, first = await desk.all_pages(at, places, 1)
    walked = {cost.place.name for cost in costs}
    pages = {route.path for route in ROUTES if route.method == "GET"}
    assert pages - walked <= {
        path for path in pages if "{name}" in path or "{token}" in path or path == "/uploads/file"
    }
    assert all(percentile(cost.times_s, 50) > 0 for cost in costs)
    assert first[1] > first[0] > 0
    assert len(desk.figures_of(costs, first, "SQLite")) == 3
