"""Rows become the domain's classes without their constructors; they must lack nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.domain.publication import Publication, State
from bot.domain.roster import Account, Unit
from bot.ledger import publications, roster
from bot.ledger.rows import each
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


@dataclass(frozen=True, kw_only=True)
class Named:
    name: str
    number: int
    more: str = ""


async def test_a_query_that_is_not_the_class_is_refused(tmp_path: Path) -> None:
    """A column that is no field would be lost without a word, and so would a field."""
    async with ledger(tmp_path) as opened, opened.read() as conn:
        whole = await conn.execute(text("SELECT 'a' AS name, '1' AS number"))
        assert each(Named, whole, number=int) == [Named(name="a", number=1)]
        for columns in ("'a' AS name", "'a' AS name, 1 AS number, 2 AS other"):
            with pytest.raises(TypeError):
                each(Named, await conn.execute(text(f"SELECT {columns}")))
