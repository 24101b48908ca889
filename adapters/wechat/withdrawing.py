"""Taking a post back: 发布 by its article id, 群发 by its message or the article's address.

Ten deletions of each sort a day. Chats keep the card of a 群发; its page says "deleted".
DOCS/subscription/api/public/api_freepublishdelete
DOCS/service/api/notify/message/api_deletemassmsg
"""

from __future__ import annotations

from adapters.wechat.api import Api
from adapters.wechat.reading import Reading
from adapters.wechat.statistics import Statistics
from bot.contract import Receipt
from bot.errors import Rejected, Unavailable
from bot.i18n import _


class Withdrawing:
    """Deletes what one account made public."""

    def __init__(self, api: Api, reading: Reading, statistics: Statistics) -> None:
        self._api = api
        self._reading = reading
        self._statistics = statistics

    async def withdraw(self, receipt: Receipt) -> None:
        """Removes the post, with all articles of its push when they are ours; see the contract."""
        if receipt.notified:
            await self._mass(receipt)
        else:
            await self._published(receipt)

    async def _published(self, receipt: Receipt) -> None:
        article_id = receipt.ref.get("article_id", "") or await self._reading.article_id(receipt)
        if not article_id:
            raise _by_hand(
                _("WeChat does not list the article, so it cannot be deleted from here.")
            )
        await self._api.delete_published(article_id, _index(receipt))

    async def _mass(self, receipt: Receipt) -> None:
        msg_id = receipt.ref.get("msg_id", "")
        if not msg_id:
            url = receipt.url or await self._statistics.address(receipt)
            if not url:
                raise _by_hand(_("WeChat tells the address of a mass send only the next morning."))
            await self._api.delete_mass({"url": url})
            return
        status = (await self._api.mass_job(msg_id)).text("msg_status")
        if status == "SENDING":
            message = _("The mass send is still under way; it can be deleted once it is through.")
            raise Unavailable(message, platform="wechat", action="message/mass/delete")
        if status == "SEND_SUCCESS":
            await self._api.delete_mass({"msg_id": msg_id, "article_idx": _index(receipt)})


def _index(receipt: Receipt) -> int:
    """The article to delete, from 1; 0 for the whole push when the receipt is of the whole."""
    if receipt.more:
        return 0
    number = receipt.platform_id.rpartition("_")[2]
    return int(number) if number.isdecimal() else 1


def _by_hand(message: str) -> Rejected:
    return Rejected(
        message,
        platform="wechat",
        action="delete",
        advice=_("Delete it in the account's console (公众号后台 → 发表记录)."),
    )
