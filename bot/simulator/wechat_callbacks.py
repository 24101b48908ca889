"""WeChat's calls to others: signed and encrypted XML, sent up to three times.

Signature and encryption are read from D/subscription/guide/dev/push/encryption and written down
here on their own. `D` stands for https://developers.weixin.qq.com/doc (read 2026-11-21).
"""

import asyncio
import base64
import hashlib
import heapq
import itertools
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.simulator.store import ControlError, Core, Json, digest

TRIES: Final = 3
MODES: Final = ("plain", "compatible", "safe")
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)
_BLOCK: Final = 32
_LOOK_EVERY_S: Final = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """An address for calls and what protects it, as entered in a console."""

    url: str
    token: str
    aes_key: str = ""  # EncodingAESKey
    mode: str = "safe"
    receiver: str = ""  # the appid encrypted calls are for

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ControlError(f"mode must be one of {', '.join(MODES)}")
        if self.mode != "plain" and len(self.aes_key) != 43:
            raise ControlError("aes_key must have 43 characters")
        if not self.token or not self.url.startswith("http"):
            raise ControlError("a callback needs url and token")


@dataclass(kw_only=True, slots=True)
class Delivery:
    """One call and what became of it."""

    what: str  # the event
    url: str
    query: Mapping[str, str]
    body: str
    tries: int = 0
    status: int = 0  # of the last answer; 0: none came
    answer: str = ""

    @property
    def taken(self) -> bool:
        """True when the other side said so."""
        return self.status == 200 and self.answer in ("", "success")


@dataclass(kw_only=True)
class Outbox:
    """Everything that was or will be sent, by the simulator's clock."""

    core: Core
    sent: list[Delivery] = field(default_factory=list)
    _due: list[tuple[float, int, Callable[[], Delivery]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _watching: bool = False

    def at(self, moment: float, make: Callable[[], Delivery]) -> None:
        """Send what `make` gives once the clock has come to `moment`."""
        heapq.heappush(self._due, (moment, next(self._order), make))
        if not self._watching:
            self._watching = True
            self._start(self._watch())

    def now(self, delivery: Delivery) -> None:
        """Send at once."""
        for _copy in range(self.core.settings.wechat_event_copies):
            self.sent.append(delivery)
            self._start(_deliver(delivery))

    async def verify(self, target: Target) -> bool:
        """Whether the address gives the echostr back, as the console asks before it saves.

        Done in plain text in every mode.
        """
        echo = digest("echo", self.core.serial())[:19]
        query = signed(self.core, target.token) | {"echostr": echo}
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.get(target.url, params=query) as answer,
            ):
                return answer.status == 200 and await answer.text() == echo
        except (aiohttp.ClientError, TimeoutError):
            return False

    def describe(self) -> list[Json]:
        """What was sent, oldest first."""
        names = ("what", "url", "query", "body", "tries", "status", "answer", "taken")
        return [{name: getattr(d, name) for name in names} for d in self.sent]

    async def close(self) -> None:
        """Give up what is still being sent, and wait until that is over."""
        self.stop()
        await asyncio.gather(*self._running, return_exceptions=True)

    def stop(self) -> None:
        """Give up what is still being sent."""
        self._due.clear()
        for task in list(self._running):
            task.cancel()

    async def _watch(self) -> None:
        while self._due:
            while self._due and self._due[0][0] <= self.core.now():
                self.now(heapq.heappop(self._due)[2]())
            # Moving a virtual clock wakes nobody, and a real one is slow: both are looked at.
            await asyncio.sleep(_LOOK_EVERY_S)
        self._watching = False

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)


def call_to(core: Core, target: Target, what: str, xml: str, *, addressee: str) -> Delivery:
    """A call with this message, protected as the target wants it.

    `addressee` is the element outside the encryption that says for whom it is.
    """
    query = signed(core, target.token)
    if target.mode == "plain":
        return Delivery(what=what, url=target.url, query=query, body=xml)
    sealed = encrypted(target.aes_key, xml, target.receiver, digest("salt", core.serial())[:16])
    parts = [target.token, query["timestamp"], query["nonce"], sealed]
    query |= {"encrypt_type": "aes", "msg_signature": _sha1(parts)}
    hidden = f"<Encrypt><![CDATA[{sealed}]]></Encrypt>"
    if target.mode == "compatible":
        return Delivery(
            what=what, url=target.url, query=query, body=xml.replace("</xml>", f"{hidden}</xml>")
        )
    body = f"<xml>{addressee}{hidden}</xml>"
    return Delivery(what=what, url=target.url, query=query, body=body)


def signed(core: Core, token: str) -> dict[str, str]:
    """The query of a call: a SHA-1 over token, time and nonce, sorted and joined."""
    timestamp, nonce = str(int(core.now())), str(int(digest("nonce", core.serial())[:8], 16))
    signature = _sha1([token, timestamp, nonce])
    return {"signature": signature, "timestamp": timestamp, "nonce": nonce}


def encrypted(aes_key: str, text: str, receiver: str, salt: str) -> str:
    """AES-256-CBC of salt (16), length (4, big-endian), text and receiver, in 32-byte blocks."""
    key = base64.b64decode(aes_key + "=")
    message = text.encode()
    plain = salt.encode() + len(message).to_bytes(4, "big") + message + receiver.encode()
    missing = _BLOCK - len(plain) % _BLOCK
    plain += bytes([missing]) * missing
    sealer = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(sealer.update(plain) + sealer.finalize()).decode()


def xml_of(fields: Json) -> str:
    """The message as XML; a list repeats its element, an object nests."""
    return f"<xml>{_elements(fields)}</xml>"


def _elements(fields: Json) -> str:
    return "".join(
        f"<{name}>{_inner(one)}</{name}>"
        for name, value in fields.items()
        for one in (value if isinstance(value, list) else [value])
    )


def _inner(value: Any) -> str:
    if isinstance(value, dict):
        return _elements(value)
    if isinstance(value, int):
        return str(value)
    return f"<![CDATA[{value}]]>" if "]]>" not in value else escape(value)


async def _deliver(delivery: Delivery) -> None:
    headers = {"Content-Type": "text/xml"}
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        for _try in range(TRIES):
            delivery.tries += 1
            try:
                async with session.post(
                    delivery.url,
                    params=delivery.query,
                    data=delivery.body.encode(),
                    headers=headers,
                ) as answer:
                    delivery.status, delivery.answer = answer.status, await answer.text()
            except (aiohttp.ClientError, TimeoutError):
                delivery.status = 0
            if delivery.taken:
                return


def _sha1(parts: list[str]) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()
