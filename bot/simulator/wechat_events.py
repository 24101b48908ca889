"""What WeChat tells an account's server: that a 发布 or a 群发 has ended, and how.

`D` in source notes stands for https://developers.weixin.qq.com/doc (read 2026-11-21).
"""

from typing import Final

from bot.simulator.store import ControlError, Json, digest
from bot.simulator.wechat_callbacks import Delivery, Outbox, Target, call_to, xml_of
from bot.simulator.wechat_component import ThirdParty
from bot.simulator.wechat_state import (
    FAILED,
    NOT_ORIGINAL,
    PUBLISHED,
    REFUSED,
    Account,
    Push,
    WechatState,
)

MESSAGES_SET: Final = 1  # without this permission set the platform is told nothing


class Events:
    """Tells accounts' servers of finished jobs, by the clock."""

    def __init__(self, state: WechatState, party: ThirdParty, outbox: Outbox) -> None:
        self.state = state
        self.party = party
        self.outbox = outbox
        self._own: dict[str, Target] = {}  # of accounts with a server of their own

    async def enter(self, account: Account, data: Json) -> bool:
        """Enter an account's own server; False when it does not give the echostr back."""
        try:
            target = Target(receiver=account.appid, **data)
        except TypeError as error:
            raise ControlError("a callback has url, token, aes_key and mode only") from error
        if not await self.outbox.verify(target):
            return False
        self._own[account.account] = target
        return True

    def accepted(self, account: Account, push: Push) -> None:
        """A job came in: its end is told when it comes."""
        if push.via == "api" and self._target(account) is not None:
            self.outbox.at(push.ready_at, lambda: self._finished(account, push))

    def _target(self, account: Account) -> Target | None:
        component = self.party.component
        member = component.members.get(account.account) if component else None
        if component and component.messages_url and member and MESSAGES_SET in member.sets:
            return component.target(component.messages_url.replace("$APPID$", account.appid))
        return self._own.get(account.account)

    def _finished(self, account: Account, push: Push) -> Delivery:
        target = self._target(account)
        assert target is not None
        core = self.state.core
        by_publish = push.kind == "publish"
        name = "PUBLISHJOBFINISH" if by_publish else "MASSSENDJOBFINISH"
        head = {
            "ToUserName": account.user_name,
            "FromUserName": f"o{digest('openid', account.appid)[:27]}",
            "CreateTime": int(core.now()),
            "MsgType": "event",
            "Event": name,
        }
        fields = self._published(account, push) if by_publish else self._sent(account, push)
        receiver = f"<ToUserName><![CDATA[{account.user_name}]]></ToUserName>"
        return call_to(core, target, name, xml_of(head | fields), addressee=receiver)

    def _published(self, account: Account, push: Push) -> Json:
        """D/subscription/api/public/api_freepublish_submit"""
        info: Json = {"publish_id": push.id, "publish_status": push.outcome}
        if push.outcome == PUBLISHED:
            items = [{"idx": i, "article_url": p.url} for i, p in enumerate(push.posts, 1)]
            info["article_id"] = push.article_id
            info["article_detail"] = {"count": len(items), "item": items}
        else:
            info["fail_idx"] = self._failed(account, push)
        return {"PublishEventInfo": info}

    def _sent(self, account: Account, push: Push) -> Json:
        """D/service/guide/product/message/Batch_Sends"""
        good = push.outcome == PUBLISHED
        return {
            "MsgID": push.id,
            "Status": _status(account, push),
            "TotalCount": account.followers,
            "FilterCount": account.followers if good else 0,
            "SentCount": account.followers if good else 0,
            "ErrorCount": 0,
            "CopyrightCheckResult": self._copyright(account, push),
            "ArticleUrlResult": _urls(push),
        }

    def _copyright(self, account: Account, push: Push) -> Json:
        copies = self.state.unoriginal(account, push.articles)
        items = [
            {
                "ArticleIdx": index,
                "UserDeclareState": 0,
                "AuditState": 2,
                "OriginalArticleUrl": f"https://mp.weixin.qq.com/s/{digest(index)[:22]}",
                "OriginalArticleType": 1,
                "CanReprint": 1,
                "NeedReplaceContent": 1,
                "NeedShowReprintSource": 1,
            }
            for index in copies
        ]
        state = 1 if not copies else (2 if push.outcome == PUBLISHED else 3)
        return {"Count": len(items), "ResultList": {"item": items}, "CheckState": state}

    def _failed(self, account: Account, push: Push) -> list[int]:
        copies = self.state.unoriginal(account, push.articles)
        return (push.outcome == NOT_ORIGINAL and copies) or list(range(1, len(push.articles) + 1))


def _status(account: Account, push: Push) -> str:
    if push.outcome == REFUSED and account.protection in ("refuse", "silent"):
        return "err(40001)" if account.protection == "refuse" else "err(40002)"
    return {
        PUBLISHED: "send success",
        NOT_ORIGINAL: "err(30003)",
        FAILED: "send fail",
    }.get(push.outcome, "err(21000)")


def _urls(push: Push) -> Json:
    if push.outcome != PUBLISHED:
        return {"Count": 0, "ResultList": {}}
    items = [{"ArticleIdx": i, "ArticleUrl": p.url} for i, p in enumerate(push.posts, 1)]
    return {"Count": len(items), "ResultList": {"item": items}}
