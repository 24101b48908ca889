"""The H5 share: the link that opens Douyin's app with everything prepared.

snssdk1128://openplatform/share?share_type=h5&client_key=…&nonce_str=…&timestamp=…&signature=…
&state=<share_id>&video_path=…&share_to_publish=1
https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/sdk/web-app/h5/share-to-h5
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from adapters.douyin.app import Ticket
from bot.errors import CallRefused
from bot.i18n import _

_OPEN = "snssdk1128://openplatform/share?"


@dataclass(frozen=True, kw_only=True)
class Share:
    """What Douyin's app is to open with; `video` and `images` are public addresses."""

    share_id: str  # comes back with the create_video event
    caption: str  # "" leaves it to the person
    topics: tuple[str, ...]
    video: str = ""  # wins over the pictures
    images: tuple[str, ...] = ()

    def params(self) -> dict[str, str]:
        """The content as parameters of the link."""
        params = {"state": self.share_id}
        if self.video:
            # Straight to the publishing page; for a single video only.
            params |= {"video_path": self.video, "share_to_publish": "1"}
        elif len(self.images) == 1:
            params["image_path"] = self.images[0]
        else:
            params["image_list_path"] = _json(self.images)
        if self.caption:
            params["title"] = self.caption
        if self.topics:
            params["hashtag_list"] = _json(self.topics)
        return params

    def body(self, ticket: Ticket) -> dict[str, object]:
        """The content as the platform's own helper for short links takes it."""
        content: dict[str, object] = {**self.params()}
        for name, values in (("image_list_path", self.images), ("hashtag_list", self.topics)):
            if name in content:
                content[name] = list(values)
        if "share_to_publish" in content:
            content["share_to_publish"] = 1
        ends_at_s = int(ticket.ends_at.timestamp())
        return {**content, "client_ticket": ticket.text, "expire_at": ends_at_s}


def signature(ticket: str, nonce: str, timestamp: str) -> str:
    """What proves that the link comes from the application: keys in order, values as they are."""
    text = f"nonce_str={nonce}&ticket={ticket}&timestamp={timestamp}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def signed_link(share: Share, client_key: str, ticket: str, now: datetime) -> str:
    """The link for this share; it opens as long as the ticket lives."""
    timestamp = str(int(now.timestamp()))
    # Unlike any other of this share; nothing depends on nobody guessing it.
    nonce = hashlib.sha256(f"{share.share_id}:{timestamp}".encode()).hexdigest()[:16]
    params: Mapping[str, str] = {
        "share_type": "h5",
        "client_key": client_key,
        "nonce_str": nonce,
        "timestamp": timestamp,
        "signature": signature(ticket, nonce, timestamp),
        **share.params(),
    }
    # A blank must be %20: the app does not read "+" as one.
    return _OPEN + urlencode(params, quote_via=quote, safe="")


def sealed(share: Share, secret: str) -> str:
    """The share as a piece of an address that nobody without the secret can make."""
    facts = [share.share_id, share.caption, share.topics, share.video, share.images]
    packed = zlib.compress(json.dumps(facts, ensure_ascii=False).encode(), 9)
    text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"{text}.{_seal(text, secret)}"


def opened(text: str, secret: str) -> Share:
    """The share in a piece of an address; raises CallRefused for one we did not make."""
    packed, _dot, seal = text.partition(".")
    if not hmac.compare_digest(seal.encode(), _seal(packed, secret).encode()):
        raise CallRefused(_("This link was not made here, or it was cut off."))
    try:
        padded = packed + "=" * (-len(packed) % 4)
        facts = json.loads(zlib.decompress(base64.urlsafe_b64decode(padded)))
        share_id, caption, topics, video, images = facts
    except (binascii.Error, zlib.error, ValueError) as error:
        raise CallRefused(_("This link was not made here, or it was cut off.")) from error
    return Share(
        share_id=share_id,
        caption=caption,
        topics=tuple(topics),
        video=video,
        images=tuple(images),
    )


def _seal(text: str, secret: str) -> str:
    return hmac.new(secret.encode(), f"share:{text}".encode(), hashlib.sha256).hexdigest()[:32]


def _json(values: Sequence[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False, separators=(",", ":"))
