"""Sends to a group's robot and reads the answer: HTTP 200 alone says nothing.

Each platform answers a wrong key, a missing keyword or a spent limit with HTTP 200 and an error in
the body, so what counts is `errcode` or `code`. Sources, read on 2026-11-22:
https://developer.work.weixin.qq.com/document/path/91770 (WeCom),
https://open.dingtalk.com/document/robots/custom-robot-access (DingTalk),
https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN (Feishu).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

import aiohttp
from yarl import URL

from bot.clock import Clock
from bot.domain.letters import fit
from bot.domain.notices import Letter, Reply, Verdict
from bot.i18n import N_, _
from bot.logs import said
from bot.notify.addresses import NAMES, Kind, Robot

_SAID_CHARS = 200
# WeCom: text of at most 2048 bytes. DingTalk: 20 000 bytes of body; Feishu: 20 KB; some of it is
# ours, and a chat message of 4000 bytes is long enough for a person.
LIMITS = {Kind.WECOM: 2048, Kind.DINGTALK: 4000, Kind.FEISHU: 4000}
_PAUSE = {  # after "too often"
    Kind.WECOM: timedelta(minutes=1),  # 20 messages a minute and robot
    Kind.DINGTALK: timedelta(minutes=10),  # 20 a minute, then nothing for ten minutes
    Kind.FEISHU: timedelta(minutes=1),  # 100 a minute, 5 a second
}


class _Why(Enum):
    """Why a robot's platform refuses, as far as it matters what to do."""

    ADDRESS = N_(
        "The platform does not know this robot (any more). Look whether it is still in the group, "
        "and store its address anew with `bot contacts set`."
    )
    KEYWORD = N_(
        "The robot takes only messages with its keyword. Add &keyword=… with that word to its "
        "address and store it with `bot contacts set`."
    )
    SIGN = N_(
        "The robot wants signed messages and this signature does not fit. Add &secret=… with its "
        "secret to the address and store it with `bot contacts set`; check this machine's clock."
    )
    IP = N_(
        "The robot takes messages from listed addresses only. Add this machine's public address "
        "to the list in the robot's settings."
    )
    RATE = N_("Too many messages to this robot in a short time. Later it takes them again.")
    CONTENT = N_("The platform refuses the text. Look at it with `bot contacts list`.")
    BUSY = N_("The platform is in trouble. Later it takes messages again.")
    OTHER = N_("Look the code up in the platform's documents.")


# What each code means; 310000 is told apart by its words. Codes marked * are not in the robots'
# own documents but in the platform's general list or in reports: UNVERIFIED, and only a matter of
# which advice is shown.
_CODES: Mapping[Kind, Mapping[int, _Why]] = {
    Kind.WECOM: {
        93000: _Why.ADDRESS,
        45009: _Why.RATE,
        45033: _Why.RATE,  # *
        -1: _Why.BUSY,
        40058: _Why.CONTENT,  # * longer than allowed
    },
    Kind.DINGTALK: {
        300001: _Why.ADDRESS,  # * token is not exist
        300005: _Why.ADDRESS,  # *
        400101: _Why.ADDRESS,  # *
        400102: _Why.ADDRESS,  # * stopped
        130101: _Why.RATE,
        410100: _Why.RATE,  # *
        90030: _Why.RATE,  # * webhook over limit
        430101: _Why.CONTENT,  # *
        430102: _Why.CONTENT,  # *
        430104: _Why.CONTENT,  # *
        -1: _Why.BUSY,
    },
    Kind.FEISHU: {
        19001: _Why.ADDRESS,
        19021: _Why.SIGN,
        19022: _Why.IP,
        19024: _Why.KEYWORD,
        11232: _Why.RATE,
        9499: _Why.RATE,  # * "too many request"
    },
}
_DINGTALK_310000 = (("keyword", _Why.KEYWORD), ("sign", _Why.SIGN), ("whitelist", _Why.IP))


@dataclass(frozen=True, kw_only=True)
class RobotTarget:
    """One robot, reached at `base_url`."""

    robot: Robot
    base_url: str
    session: aiohttp.ClientSession
    clock: Clock
    timeout_s: float
    mark: str

    @property
    def kind(self) -> str:
        return _(NAMES[self.robot.kind])

    @property
    def limit(self) -> int:
        return LIMITS[self.robot.kind] - len(self.robot.keyword.encode()) - 2

    async def send(self, letter: Letter) -> Reply:
        """Sends it once; raises nothing but cancellation."""
        url, body = self._request(fit(letter, self.limit))
        # Half for the connection: what fails there was surely not sent.
        timeout = aiohttp.ClientTimeout(total=self.timeout_s, sock_connect=self.timeout_s / 2)
        try:
            async with self.session.post(
                url,
                data=json.dumps(body, ensure_ascii=False).encode(),
                headers={"Content-Type": "application/json; charset=utf-8"},
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                return self._read(answer.status, await answer.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return self._refused(
                _Why.BUSY, _("It cannot be reached: {cause}").format(cause=said(error))
            )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return self._unclear(_("No answer came: {cause}").format(cause=said(error)))

    def _request(self, letter: Letter) -> tuple[URL, dict[str, object]]:
        """Address and body; a signed one is good for an hour."""
        text = f"{letter.title}\n{letter.text}"
        if self.robot.keyword not in text:
            text = f"[{self.robot.keyword}]{text}"
        url = URL(self.base_url.rstrip("/") + self.robot.path())
        now = self.clock.now().timestamp()
        if self.robot.kind is Kind.FEISHU:
            body: dict[str, object] = {"msg_type": "text", "content": {"text": text}}
            if self.robot.secret:
                seconds = str(int(now))
                sign = feishu_sign(seconds, self.robot.secret)
                body |= {"timestamp": seconds, "sign": sign}
            return url, body
        if self.robot.kind is Kind.DINGTALK and self.robot.secret:
            millis = str(int(now * 1000))
            sign = dingtalk_sign(millis, self.robot.secret)
            url = url.update_query({"timestamp": millis, "sign": sign})
        return url, {"msgtype": "text", "text": {"content": text}}

    def _read(self, status: int, raw: bytes) -> Reply:
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        fields = answer if isinstance(answer, dict) else {}
        code = next((fields[n] for n in ("errcode", "code", "StatusCode") if n in fields), None)
        words = next((fields[n] for n in ("errmsg", "msg", "StatusMessage") if n in fields), "")
        if isinstance(code, bool) or not isinstance(code, int):
            return self._without_code(status)
        if code == 0:
            return Reply(verdict=Verdict.SENT)
        return self._refused(self._why(code, str(words)), f"{code} {words}")

    def _without_code(self, status: int) -> Reply:
        if status == 429:
            return self._refused(_Why.RATE, f"HTTP {status}")
        if 300 <= status < 500:
            return self._refused(_Why.OTHER, f"HTTP {status}")
        return self._unclear(_("The answer cannot be read (HTTP {status}).").format(status=status))

    def _why(self, code: int, words: str) -> _Why:
        if self.robot.kind is Kind.DINGTALK and code == 310000:
            found = (why for word, why in _DINGTALK_310000 if word in words)
            return next(found, _Why.OTHER)
        return _CODES[self.robot.kind].get(code, _Why.OTHER)

    def _refused(self, why: _Why, words: str) -> Reply:
        pause = _PAUSE[self.robot.kind] if why is _Why.RATE else None
        return Reply(
            verdict=Verdict.REFUSED,
            said=self._safe(words),
            advice=_(why.value),
            again_after=pause,
        )

    def _unclear(self, words: str) -> Reply:
        return Reply(
            verdict=Verdict.UNCLEAR,
            said=self._safe(words),
            advice=_("It may have arrived, so it is not sent again. Look into the group."),
        )

    def _safe(self, words: str) -> str:
        """The words without what opens the robot, which an answer may repeat."""
        for secret in (self.robot.token, self.robot.secret):
            if secret:
                words = words.replace(secret, "***")
        return " ".join(words.split())[:_SAID_CHARS]


def dingtalk_sign(millis: str, secret: str) -> str:
    """DingTalk's signature, not encoded for an address yet: the address does that once."""
    digest = hmac.digest(secret.encode(), f"{millis}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def feishu_sign(seconds: str, secret: str) -> str:
    """Feishu's signature: of nothing, with time and secret as the key."""
    digest = hmac.digest(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256)
    return base64.b64encode(digest).decode()
