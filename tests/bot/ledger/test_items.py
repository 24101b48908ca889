"""What platforms show is entered, whatever is in it."""

from __future__ import annotations

from bot.contract import Item
from bot.ledger import items
from tests.bot.ledger.stand import NOW, add, ledger
from tests.pairs import Pair


async def test_what_is_no_text_is_left_out(pair: Pair) -> None:
    """A cut answer leaves half a character; a careless one has NUL. Neither spoils the account."""
    seen = Item(
        platform_id="w\0-1",
        url="https://a.example/1\udc00",
        title="勤洗手\ud83d",
        text="\udc00流感季\0来了😀",
        published_at=NOW,
        source_url="https://b.example/\0",
    )
    async with ledger(pair) as opened:
        await add(opened, 1)
        for new in (1, 0):  # the second time it is known
            async with opened.write() as conn:
                assert len(await items.upsert(conn, "u01-weibo", [seen], NOW)) == new
        async with opened.read() as conn:
            (row,) = await items.between(conn, None, None)
    assert (row.platform_id, row.url) == ("w-1", "https://a.example/1")
    assert (row.title, row.text, row.source_url) == ("勤洗手", "流感季来了😀", "https://b.example/")
