"""`bot collect --again`, `bot earlier`: stored items compared anew, and what was there before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.contract import Item
from bot.ledger import items
from tests.bot.cli.office import Office
from tests.bot.engine.world import key_item
from tests.data.health_texts import FLU, FLU_TITLE, NURSE

RELEASE = "2026-05-06 10:00"
RELEASED = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
LINK = "https://mp.weixin.qq.com/s/copy"


async def _read(app: App) -> None:
    """u02 has carried the key item, and the same article the year before."""
    shown = [
        Item(
            platform_id=f"m{days}",
            title=FLU_TITLE,
            url=f"{LINK}{days}",
            text=FLU,
            published_at=RELEASED + timedelta(days=days),
        )
        for days in (1, -365)
    ]
    async with app.core.ledger.write() as conn:
        await items.upsert(conn, "u02-wechat", shown, RELEASED + timedelta(days=2))


@pytest.fixture
def read(office: Office) -> Office:
    """A released key item, and u02's items in the ledger, compared with nothing."""
    office.write(key_item("k1", at=RELEASE))
    (office.schedules / "posts" / "k1.md").write_text(FLU, encoding="utf-8")
    assert office.bot("plan", "--apply").code == 0
    confirm = ("publications", "confirm", "k1@u01-wechat", "--url", "https://mp.weixin.qq.com/s/1")
    assert office.bot(*confirm, "--at", RELEASE).code == 0
    office.work(_read)
    return office


def test_all_stored_items_are_compared_again(read: Office) -> None:
    for expected in (1, 0):
        answer = read.ask("collect", "--again")
        assert answer == {"key_items": [{"post": "k1", "compared": 2, "matched": expected}]}
    assert "k1" in read.bot("collect", "--again").out
    assert read.bot("collect", "--again", "u02-wechat").code == 2


def test_an_articles_earlier_copies(read: Office, tmp_path: Path) -> None:
    [first] = read.ask("earlier", "k1")["items"]
    assert list(first) == ["item", "account", "published_at", "title", "url", "found", "covers"]
    assert (first["url"], first["found"]) == (f"{LINK}-365", 1.0)
    assert read.ask("earlier", f"{LINK}1") == {"items": [first]}
    draft = tmp_path / "draft.md"
    draft.write_text(f"# 草稿\n\n{FLU}\n", encoding="utf-8")
    assert [one["url"] for one in read.ask("earlier", draft)["items"]] == [
        f"{LINK}-365",
        f"{LINK}1",
    ]
    assert f"{LINK}-365" in read.bot("earlier", "k1").out
    draft.write_text(NURSE, encoding="utf-8")
    assert read.ask("earlier", draft) == {"items": []}
    assert read.bot("earlier", draft).code == 0


def test_what_is_asked_about_must_be_known(office: Office) -> None:
    for what in ("nothing", "no-such-file.md", LINK):
        ran = office.bot("earlier", what)
        assert (ran.code, ran.out, what in ran.told) == (2, "", True)
