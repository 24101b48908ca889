"""WeChat's comments (留言) of what was sent: the list, and whether they are open.

`D` in source notes stands for https://developers.weixin.qq.com/doc (read 2026-11-21).
"""

from typing import Final

from bot.simulator.store import Json
from bot.simulator.wechat_state import Account, WechatError, WechatState
from bot.simulator.wire import Call

COUNT_MAX: Final = 49


def _article(account: Account, call: Call) -> Json:
    """The article `msg_data_id` and `index` (from 0) name, once the account has comments at all."""
    if not account.comments:
        raise WechatError(88000)
    given, index = str(call.json.get("msg_data_id")), call.json.get("index", 0)
    for push in account.pushes:
        known = str(push.msg_data_id) == given
        if known and isinstance(index, int) and 0 <= index < len(push.articles):
            return push.articles[index]
    raise WechatError(88001)


def listed(state: WechatState, account: Account, call: Call) -> Json:
    """An article's comments; nobody comments here. D/service/api/leaving/api_listcomment"""
    _article(account, call)
    count = call.json.get("count")
    if not isinstance(count, int) or not 1 <= count <= COUNT_MAX:
        raise WechatError(88010)
    return {"total": 0, "comment": []}


def opened(state: WechatState, account: Account, call: Call) -> Json:
    """Open an article's comments. D/service/api/leaving/api_opencomment"""
    _article(account, call)["need_open_comment"] = 1
    return {}


def closed(state: WechatState, account: Account, call: Call) -> Json:
    """Close an article's comments. D/service/api/leaving/api_closecomment"""
    _article(account, call)["need_open_comment"] = 0
    return {}
