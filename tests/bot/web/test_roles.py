"""Every route × every role. The table is written by hand: a new route that is not in it fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.web.desk.site import ROUTES
from tests.bot.engine.world import open_world
from tests.bot.web.visitors import PEOPLE, Desk, open_desk

ALL = "officer liaison first manager administrator"
# Who gets through; the reviewers' levels make no difference to routes. In order of the address.
MATRIX = {
    "GET /": ALL,
    "GET /charts": ALL,
    "GET /counts": ALL,
    "GET /counts.{kind}": ALL,
    "GET /counts/items": ALL,
    "GET /counts/items.{kind}": ALL,
    "GET /calendar": ALL,
    "POST /calendar/move": "officer",
    "GET /freeze": "officer",
    "POST /freeze": "officer",
    "POST /freeze/end": "officer",
    "GET /log": "officer manager administrator",
    "GET /log.{kind}": "officer manager administrator",
    "GET /accounts": ALL,
    "GET /accounts/{account}": ALL,
    "POST /accounts/{account}/answer": "officer administrator",
    "POST /accounts/{account}/compare": "officer administrator",
    "POST /accounts/{account}/connect": "officer administrator",
    "POST /accounts/{account}/credential": "officer administrator",
    "POST /accounts/{account}/differences": "officer administrator",
    "POST /accounts/{account}/resume": "officer administrator",
    "GET /key-items": ALL,
    "GET /key-items.{kind}": ALL,
    "GET /key-items/{post}": ALL,
    "POST /key-items/{post}/exempt": "officer",
    "GET /key-items/{post}/matches/{number}": ALL,
    "POST /key-items/{post}/matches/{number}": "officer",
    "POST /key-items/{post}/remind": "officer",
    "POST /key-items/{post}/require": "officer",
    "POST /logout": ALL,
    "GET /me": ALL,
    "POST /me/password": ALL,
    "GET /reviews": "officer first manager administrator",
    "GET /reviews/deputies": ALL,
    "POST /reviews/deputies": "administrator",
    "POST /reviews/deputies/{id}/end": ALL,
    "GET /reviews/{post}": "officer first manager administrator",
    "POST /reviews/{post}": "officer first manager administrator",
    "GET /posts/{post}": ALL,
    "GET /posts/{post}/checks": "officer first manager administrator",
    "GET /posts/{post}/media/{name}": ALL,
    "GET /posts/{post}/preview/{account}": ALL,
    "GET /posts/{post}/recall": "officer",
    "POST /posts/{post}/recall": "officer",
    "POST /publications/{id}": "officer",
    "POST /posts/check": "officer",
    "GET /posts/new": "officer",
    "POST /posts/new": "officer",
    "POST /posts/preview": "officer",
    "GET /posts/preview/{token}": "officer",
    "GET /posts/{post}/edit": "officer",
    "POST /posts/{post}/edit": "officer",
    "POST /posts/{post}/remove": "officer",
    "GET /rules/{code}": ALL,
    "GET /settings": "administrator",
    "GET /settings/api": "administrator",
    "POST /settings/api": "administrator",
    "POST /settings/api/{id}/end": "administrator",
    "GET /settings/people": "administrator",
    "POST /settings/people": "administrator",
    "GET /settings/people/{login}": "administrator",
    "POST /settings/people/{login}": "administrator",
    "POST /settings/people/{login}/end": "administrator",
    "POST /settings/people/{login}/invite": "administrator",
    "POST /settings/people/{login}/restore": "administrator",
    "GET /settings/webhooks": "administrator",
    "POST /settings/webhooks": "administrator",
    "GET /settings/webhooks/{id}": "administrator",
    "POST /settings/webhooks/{id}/deliveries/{delivery}/again": "administrator",
    "POST /settings/webhooks/{id}/end": "administrator",
    "GET /tasks": "officer liaison",
    "GET /tasks/{id}": "officer liaison",
    "POST /tasks/{id}": "officer liaison",
    "GET /tasks/{id}/files/{name}": "officer liaison",
    "POST /tasks/{id}/link": "officer liaison",
    "GET /uploads": "officer",
    "POST /uploads": "officer",
    "GET /uploads/file": "officer",
}
# What stands for the parts of an address.
PARTS = {
    "delivery": "1",
    "account": "u01-wechat",
    "code": "cover-missing",
    "id": "1",
    "kind": "csv",
    "login": "officer",
    "name": "x",
    "number": "1",
    "post": "p1",
    "token": "x",
}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_world(tmp_path) as world, open_desk(world) as opened:
        yield opened


def test_every_route_is_in_the_table_and_no_other() -> None:
    assert {f"{route.method} {route.path}" for route in ROUTES} == set(MATRIX)


async def test_each_role_gets_where_it_may_and_nowhere_else(desk: Desk) -> None:
    """Rights are asked before anything else, so what stands in the address does not matter."""
    wrong = []
    for name in (*(one for one in PEOPLE if one not in {"second", "final"}), ""):
        visitor = await desk.visitor(name) if name else await desk.stranger()
        for route in ROUTES:
            if route.path == "/logout" and name:
                continue  # it would end the visit; tests/bot/web/test_doors.py has it
            key = f"{route.method} {route.path}"
            page = await visitor.ask(
                route.method,
                route.path.format_map(PARTS),
                **({"data": {"csrf": visitor.csrf}} if route.method != "GET" else {}),
            )
            let_in = page.status not in {401, 403} and "/login" not in page.headers.get(
                "Location", ""
            )
            if let_in != (name in MATRIX[key].split()) or page.status >= 500:
                wrong.append((name, key, page.status))
    assert wrong == []


async def test_no_form_is_heard_without_the_token_of_its_page(desk: Desk) -> None:
    visitor = await desk.visitor("administrator")
    officer = await desk.visitor("officer")
    for route in ROUTES:
        if route.method == "GET":
            continue
        for one in (visitor, officer):
            page = await one.ask(route.method, route.path.format_map(PARTS), data={})
            assert page.status == 403, route.path
