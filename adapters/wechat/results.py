"""What WeChat's calls tell of a finished 发布 or 群发.

DOCS/subscription/api/public/api_freepublish_submit (PUBLISHJOBFINISH),
DOCS/service/guide/product/message/Batch_Sends (MASSSENDJOBFINISH); read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapters.wechat.callbacks import Message, text_of
from bot.i18n import _

# In `Pending.ref`, once a call came: how a mass send ended, articles that are copies, and links.
STATUS = "mass_status"
_COPIES = "copies"
_URL = "url:"


def posts_in(fields: Message, appid: str) -> tuple[Mapping[str, str], ...]:
    """The jobs a message says are finished, as in `Pending.ref`; () for any other message."""
    whose = {"appid": appid} if appid else {}
    published = _inner(fields, "PublishEventInfo")
    if text_of(published, "publish_id"):
        return ({"publish_id": text_of(published, "publish_id")} | whose,)
    job = text_of(fields, "MsgID")
    if text_of(fields, "Event") != "MASSSENDJOBFINISH" or not job:
        return ()
    # At least one account was told of a 发布 by this event:
    # https://developers.weixin.qq.com/community/minihome/doc/00000c2a54c2a83059ecb9ba056c00
    return ({"msg_id": job} | whose, {"publish_id": job} | whose)


def learned_in(fields: Message) -> dict[str, str]:
    """What no answer to a look tells: why a mass send failed, which articles are copies, links."""
    if text_of(fields, "Event") != "MASSSENDJOBFINISH":
        return {}
    learned = {STATUS: text_of(fields, "Status")}
    for item in _items(_inner(fields, "ArticleUrlResult")):
        learned[_URL + text_of(item, "ArticleIdx")] = text_of(item, "ArticleUrl")
    copies = [
        f"{text_of(item, 'ArticleIdx')} {text_of(item, 'OriginalArticleUrl')}"
        for item in _items(_inner(fields, "CopyrightCheckResult"))
        if text_of(item, "OriginalArticleUrl")
    ]
    if copies:
        learned[_COPIES] = "; ".join(copies)
    return {name: value for name, value in learned.items() if value}


def urls_in(ref: Mapping[str, str]) -> dict[int, str]:
    """The articles' links by their place in the push, as far as a call told them."""
    return {
        int(name.removeprefix(_URL)): url
        for name, url in ref.items()
        if name.startswith(_URL) and name.removeprefix(_URL).isdecimal()
    }


def copies_in(ref: Mapping[str, str]) -> str:
    """A sentence that names the articles WeChat takes for copies (原创校验); "" for none."""
    if not ref.get(_COPIES):
        return ""
    message = _("WeChat takes these articles for copies of others (number, original): {copies}.")
    return message.format(copies=ref[_COPIES])


def _inner(fields: Message, name: str) -> Message:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _items(result: Message) -> Iterator[Message]:
    # One item comes as an object, several as a list; none as an empty element.
    found = _inner(result, "ResultList").get("item")
    for item in found if isinstance(found, list) else [found]:
        if isinstance(item, dict):
            yield item
