"""What an account may really do, asked of WeChat by questions that change nothing.

Verification may lapse and administrators tick only some permission sets, so a right is neither
taken from the account's kind nor from what it could do last month.
https://developers.weixin.qq.com/doc/subscription/guide/product/publish.html (July 2025: no 发布 for
personal and unverified accounts, 48001)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from adapters.wechat import errors
from adapters.wechat.api import SUBMIT, Api
from adapters.wechat.library import Library
from bot.clock import Clock
from bot.domain.quota import PLATFORM_ZONE
from bot.errors import ContractBroken, PlatformError, RateLimited, Unavailable

Probe = Callable[[], Awaitable[object]]
# The account or the office's platform lacks the right. Others (a dead token, a wrong secret, a
# frozen account) say nothing about one right and stop the whole question.
_NO_RIGHT = frozenset(
    {"48001", "48003", "48008", "48015", "50001", "61007", "61016", "61017", "88000"}
)


class Rights:
    """Questions about one account's rights."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._library = Library(api)
        self._clock = clock

    async def probed(self) -> Mapping[str, bool]:
        """Which rights the account has; one that could not be asked just now is left out.

        Costs one call of each sort; of those only `freepublish/batchget` is scarce (100 a day).
        Raises AuthFailed when the credential itself does not hold.
        """
        found = {name: await _has(probe) for name, probe in self._probes().items()}
        return {name: right for name, right in found.items() if right is not None}

    def _probes(self) -> dict[str, Probe]:
        yesterday = (self._clock.now().astimezone(PLATFORM_ZONE) - timedelta(days=1)).date()
        page = {"offset": 0, "count": 1, "no_content": 1}
        return {
            "material": self._library.material.get_count,
            "draft": lambda: self._api.read("/cgi-bin/draft/count"),
            "publish": lambda: self._api.read("/cgi-bin/freepublish/batchget", page),
            "push": lambda: self._api.read("/cgi-bin/message/mass/speed/get", {}),
            "comments": self._comments,
            "statistics": lambda: self._api.articles_of(yesterday, "getarticletotaldetail"),
            "quota": lambda: self._api.read("/cgi-bin/openapi/quota/get", {"cgi_path": SUBMIT}),
        }

    async def _comments(self) -> object:
        # A message nobody sent: an account with comments answers that it does not exist. Whether
        # WeChat looks at the right first is UNVERIFIED.
        body = {"msg_data_id": 1, "index": 0, "begin": 0, "count": 1, "type": 0}
        return await self._api.read("/cgi-bin/comment/list", body, allowed={errors.NO_MESSAGE})


async def _has(probe: Probe) -> bool | None:
    try:
        await probe()
    except (RateLimited, Unavailable):
        return None
    except PlatformError as error:
        if error.code in _NO_RIGHT:
            return False
        if isinstance(error, ContractBroken):
            return None  # an answer nobody expects is no refusal
        raise
    return True
