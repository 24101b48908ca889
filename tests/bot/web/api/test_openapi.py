"""The document, and that whoever believes it to the letter never meets an error of ours."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from bot.domain.review import Level
from bot.engine import keys
from bot.settings import ReviewPart
from bot.web.api.openapi import PREFIX, document
from bot.web.api.site import ENDPOINTS
from tests.bot.engine.world import TEN, key_item, open_world, roster, status
from tests.bot.web.programs import token
from tests.bot.web.visitors import open_desk

_FEW = settings(
    max_examples=3,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_every_address_is_told_of_and_every_reference_leads_somewhere() -> None:
    made = document(ENDPOINTS)
    told = {(path, method) for path, of_path in made["paths"].items() for method in of_path}
    assert told == {(one.path, one.method.lower()) for one in ENDPOINTS}
    names = [one["operationId"] for of_path in made["paths"].values() for one in of_path.values()]
    assert len(names) == len(set(names))
    known = {f"#/components/schemas/{name}" for name in made["components"]["schemas"]}
    assert set(_references(made)) <= known


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [each for one in part.values() for each in _references(one)]
    return [each for one in part for each in _references(one)] if isinstance(part, list) else []


def _believe(url: str, secret: str, known: dict[str, dict[str, str]]) -> Counter[int]:
    """Calls every address with what the document allows and what it forbids."""
    found: Counter[int] = Counter()
    broken: list[str] = []
    bearer = {"Authorization": f"Bearer {secret}"}
    schema = schemathesis.openapi.from_url(f"{url}{PREFIX}/openapi.json")
    with requests.Session() as session:

        def call(case: Any) -> None:
            answer = case.call(base_url=f"{url}{PREFIX}", session=session, headers=bearer)
            found[answer.status_code] += 1
            if answer.status_code >= 500:
                broken.append(case.as_curl_command())

        for result in schema.get_all_operations():
            assert isinstance(result, Ok)
            operation = result.ok()
            parts = known.get(operation.path.split("/")[1]) if "{" in operation.path else None
            ways = [(mode, parts) for mode in GenerationMode]
            if parts and operation.method == "get":
                ways.append((GenerationMode.POSITIVE, None))
            for mode, given_parts in ways:
                strategy = operation.as_strategy(generation_mode=mode, path_parameters=given_parts)
                _FEW(given(case=strategy)(call))()
    assert broken == []
    return found


async def test_no_call_makes_an_error_inside_the_program(tmp_path: Path) -> None:
    members = roster(u02_wechat={"reprint": "auto"}, u02_weibo={"reprint": "confirm"})
    async with open_world(tmp_path, members) as world:
        world.review = ReviewPart(columns={"科普": [Level.FIRST]})
        await world.start()
        await world.plan(
            key_item("k1", at="2026-05-06 09:30"),
            status("p1", at="2026-05-06 16:00"),
            status("p2", at="2026-05-06 18:00", column="科普"),
        )
        await world.run(until=TEN + timedelta(minutes=5))
        async with open_desk(world) as desk:
            await desk.visitor("first")
            secret = await token(desk, "模糊测试", *keys.SCOPES, reviewer="first")
            asked = await world.pub("k1@u02-weibo")
            known = {
                "accounts": {"account": "u01-wechat"},
                "key-items": {"post": "k1"},
                "posts": {"post": "k1"},
                "publications": {"id": "p1@u01-weibo"},
                "reviews": {"post": "p2"},
                "tasks": {"id": f"accept-{asked.id}"},
            }
            found = await asyncio.to_thread(_believe, desk.url, secret, known)
    assert min(found[200], found[404], found[409], found[422]) > 10, found
