"""What WeChat sends to us: the signature, the encryption, and the XML inside.

A call counts when it is signed with our Token, is young, and did not come before. Signature and
AES are wechatpy's. DOCS/subscription/guide/dev/push/encryption (read 2026-11).
"""

from __future__ import annotations

import base64
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.parsers.expat import ExpatError

import xmltodict
from wechatpy.crypto import PrpCrypto
from wechatpy.exceptions import InvalidAppIdException
from wechatpy.utils import WeChatSigner

from bot.contract import Call
from bot.errors import CallRefused
from bot.i18n import _

Message = Mapping[str, object]
# What reading foreign bytes may raise in wechatpy, base64, struct, and the XML parser.
_UNREADABLE = (ValueError, TypeError, IndexError, KeyError, struct.error, ExpatError)


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What an address for calls is protected with in WeChat's console."""

    token: str
    aes_key: str  # EncodingAESKey, 43 characters; "" lets calls in plain text in (明文模式)
    appid: str  # whom encrypted calls are for: the account, or the third-party platform


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A call that is really WeChat's."""

    text: str  # the XML, or for a GET the echostr that is wanted back
    mark: str  # the signature: no other call has it


def opened(call: Call, keys: Keys, now: datetime, max_age_s: float) -> Opened:
    """The call's content; raises CallRefused when it is not WeChat's, is old, or is unreadable.

    With an AES key only the encrypted part counts, so that nobody can leave it out. In the
    compatible mode (兼容模式) the readable copy beside it is not looked at.
    """
    if not keys.token:
        raise CallRefused(_("No callback_token is stored for these calls of WeChat."))
    _check_age(call.query.get("timestamp", ""), now, max_age_s)
    if call.method == "GET":
        echo = call.query.get("echostr", "")
        return Opened(text=echo, mark=_checked(call, keys, "signature"))
    if not keys.aes_key:
        return Opened(text=_text(call.body), mark=_checked(call, keys, "signature"))
    sealed = message(_text(call.body)).get("Encrypt")
    if not isinstance(sealed, str):
        raise CallRefused(_("The call of WeChat is not encrypted, and it must be."))
    mark = _checked(call, keys, "msg_signature", sealed)
    return Opened(text=_decrypted(sealed, keys), mark=mark)


def message(xml: str) -> Message:
    """The elements of a message; raises CallRefused for anything but WeChat's XML."""
    try:
        fields = xmltodict.parse(xml)["xml"]
    except _UNREADABLE as error:
        raise CallRefused(_("The call is not the XML WeChat sends; choose XML there.")) from error
    if not isinstance(fields, dict):
        raise CallRefused(_("The call is not the XML WeChat sends; choose XML there."))
    return fields


def text_of(fields: Message, name: str) -> str:
    """An element's text, "" when it is absent or has elements of its own."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


class Seen:
    """Remembers calls while they are young enough to be accepted."""

    def __init__(self, keep_s: float) -> None:
        self._keep = timedelta(seconds=2 * keep_s)  # a clock that is ahead may date a call so late
        self._marks: dict[str, datetime] = {}

    def add(self, mark: str, now: datetime) -> None:
        """The call of this mark has been dealt with."""
        self._marks = {known: at for known, at in self._marks.items() if now - at <= self._keep}
        self._marks[mark] = now

    def __contains__(self, mark: object) -> bool:
        return mark in self._marks


def _check_age(timestamp: str, now: datetime, max_age_s: float) -> None:
    try:
        age_s = now.timestamp() - int(timestamp)
    except ValueError as error:
        raise CallRefused(_("The call of WeChat has no timestamp.")) from error
    if abs(age_s) > max_age_s:
        raise CallRefused(
            _("The call of WeChat is {age} seconds old; check this machine's clock.").format(
                age=round(age_s)
            )
        )


def _checked(call: Call, keys: Keys, name: str, *sealed: str) -> str:
    signer = WeChatSigner()
    parts = (keys.token, call.query.get("timestamp", ""), call.query.get("nonce", ""), *sealed)
    signer.add_data(*parts)
    given = call.query.get(name, "")
    if not secrets.compare_digest(str(signer.signature).encode(), given.encode()):
        raise CallRefused(_("The call is not signed by WeChat with our token."))
    return given


def _decrypted(sealed: str, keys: Keys) -> str:
    try:
        key = base64.b64decode(keys.aes_key + "=")
        return str(PrpCrypto(key).decrypt(sealed, keys.appid))
    except InvalidAppIdException as error:
        why = _("The call of WeChat is meant for another appid than {appid}.")
        raise CallRefused(why.format(appid=keys.appid)) from error
    except _UNREADABLE as error:
        why = _("The call of WeChat cannot be decrypted; compare callback_aes_key.")
        raise CallRefused(why) from error


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise CallRefused(_("The call of WeChat is not UTF-8 text.")) from error
