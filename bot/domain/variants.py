"""What a post looks like on one account: overrides applied, a reprint labelled with its source."""

from __future__ import annotations

import hashlib
from functools import reduce

from bot.domain.post import Kind, Method, Override, Post, Variant
from bot.domain.roster import Account, Unit

_NOTHING = Override()


def marker(post: str) -> str:
    """The post's 稿号, e.g. "HT-9F3A61C2": the same for ever, wherever the text is copied to."""
    return "HT-" + hashlib.blake2b(post.encode(), digest_size=4).hexdigest().upper()


def make_variant(
    post: Post,
    account: Account,
    unit: Unit,
    *,
    kind: Kind,
    method: Method,
    source: str = "",
    link: str = "",
    release: str = "",
) -> Variant:
    """`post` as it goes out on `account`.

    For a reprint `source` names the flagship and `link` is the first release; it is labelled
    openly, carries the 稿号, and keeps title and text (国版办发〔2015〕3号: no distortion).
    """
    # From the general to the particular.
    names = (account.platform, account.unit, account.id)
    says = reduce(lambda had, name: post.overrides.get(name, _NOTHING).over(had), names, _NOTHING)
    reprint = kind is Kind.REPRINT
    sign = marker(post.id) if reprint or post.key else ""
    return Variant(
        post=post.id,
        kind=kind,
        method=method,
        title=says.title or post.title,
        text=says.text or post.text,
        body=_body(post, sign, reprint=reprint, intro=_intro(unit, says)),
        digest=says.digest or post.digest,
        author=post.author,
        link=link if reprint else (says.link or post.link),
        label=f"转载｜来源：{source}｜稿号 {sign}" if reprint else "",
        marker=sign,
        ai_generated=post.ai_generated,
        cover=post.cover,
        images=post.images if says.images is None else says.images,
        inline=post.inline,
        video=says.video or post.video,
        more=() if reprint else post.more,
        options=says.options,
        release=release if reprint else "",
    )


def _intro(unit: Unit, says: Override) -> str:
    return unit.intro if says.intro is None else says.intro


def _body(post: Post, sign: str, *, reprint: bool, intro: str) -> str:
    if not post.body:
        return ""
    if reprint:
        return f"{intro}\n\n{post.body}" if intro else post.body
    if post.source:
        return f"{post.body}\n\n来源：{post.source}"
    # The flagship's key item shows its 稿号, so that a copy made by hand carries it along.
    return f"{post.body}\n\n稿号：{sign}" if sign else post.body
