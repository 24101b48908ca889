"""Rows become the domain's classes without their constructors; they must lack nothing."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from bot.domain.publication import Publication, State
from bot.domain.roster import Account, Unit
from bot.ledger import publications, roster
from tests.bot.ledger.stand import add, ledger


async def test_what_comes_of_a_row_is_what_its_constructor_would_make(tmp_path: Path) -> None:
    async with ledger(tmp_path) as opened:
        await add(opened, 1)
        async with opened.read() as conn:
            members = await roster.load(conn)
            (pub,) = await publications.of_posts(conn, ["p0"])
    assert_whole(Unit, members.units["u01"])
    assert_whole(Account, members.accounts["u01-weibo"])
    assert_whole(Publication, pub)
    assert type(pub.state) is State


def assert_whole(kind: type[Any], one: object) -> None:
    assert {*vars(one)} == {field.name for field in fields(kind)}
    assert one == kind(**vars(one))
