"""HTTP for all adapters: one call, one decoded answer, and failures as typed errors.

What a failure means depends on whether the call could have had a visible effect: a lost answer to
an upload is `Unavailable` (do it again), to a publishing call `OutcomeUnknown` (look first).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO, TypeVar
from urllib.parse import quote_plus

import aiohttp
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random

from bot.contract import Pace
from bot.domain import words
from bot.errors import ContractBroken, OutcomeUnknown, PlatformError, RateLimited, Unavailable
from bot.i18n import _

Params = Mapping[str, str]
# Signed calls may use a signature once only, so each try of a reading call makes its own.
Headers = Mapping[str, str] | Callable[[], Mapping[str, str]]
Body = bytes | BinaryIO | aiohttp.FormData | Mapping[str, str]
E = TypeVar("E", bound=PlatformError)
D = TypeVar("D", str, int, bool)

READ_TRIES = 3
CONNECT_TIMEOUT_S = 10.0
RAW_CHARS = 500
_HEAD_BYTES = 2560
_SECRET_NAMES = frozenset(
    {
        *("access_token", "access-token", "refresh_token", "component_access_token"),
        *("authorizer_access_token", "authorizer_refresh_token", "secret", "appsecret"),
        *("component_appsecret", "client_secret", "app_secret", "code", "authorization_code"),
        *("component_secret", "component_verify_ticket", "pre_auth_code"),
        *("authorization", "password", "ticket", "app_token"),
    }
)
# In answers only names that never stand for anything but a secret: `code` is an error code there.
_SECRET_IN_ANSWER = re.compile(
    r'("?(?:[a-z_]*access[_-]token|[a-z_]*refresh[_-]token|[a-z_]*secret)"?\s*[=:]\s*"?)[^"&\s,}]+',
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where an answer came from: what every error raised about it has to say."""

    platform: str
    action: str
    effect: bool  # the call may have made something public
    status: int = 0
    head: bytes = b""  # how the answer begins
    sent: tuple[object, ...] = ()  # where the request carried secrets, which an answer may repeat

    @property
    def raw(self) -> str:
        """The answer, shortened and redacted."""
        # The cut leaves far more than is shown, so no secret in it is halved.
        text = self.head.decode("utf-8", "replace")
        return redact(text, _secrets(*self.sent))[:RAW_CHARS]

    def error(self, kind: type[E], message: str, *, code: str = "", advice: str = "") -> E:
        """An error of `kind` that carries platform, action, status and the redacted answer."""
        return kind(
            message,
            platform=self.platform,
            action=self.action,
            status=self.status,
            code=code,
            advice=advice,
            raw=self.raw,
        )

    def broken(self, message: str) -> PlatformError:
        """The answer cannot be used: `OutcomeUnknown` after an effect, else `ContractBroken`."""
        return self.error(OutcomeUnknown if self.effect else ContractBroken, message)

    def lost(self, message: str) -> PlatformError:
        """No answer came: `OutcomeUnknown` after an effect, else `Unavailable`."""
        return self.error(OutcomeUnknown if self.effect else Unavailable, message)


@dataclass(frozen=True, kw_only=True)
class Fields:
    """A JSON object of an answer, read by name and type.

    A required field (no default) that is missing, and any field of a wrong type, raises
    `ContractBroken`, or `OutcomeUnknown` when the call may have had an effect; never a KeyError.
    Numbers sent as strings and strings sent as numbers are taken. null counts as missing.
    """

    value: Mapping[str, object]
    origin: Origin

    def __contains__(self, name: str) -> bool:
        return self.value.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """The field as text."""
        value = self.value.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        return self._absent(name, value, default)

    def number(self, name: str, default: int | None = None) -> int:
        """The field as a whole number."""
        value = self.value.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            try:
                return int(value)
            except (ValueError, OverflowError):
                raise self._wrong(name) from None
        return self._absent(name, value, default)

    def flag(self, name: str, default: bool | None = None) -> bool:
        """The field as yes or no; 0, 1 and their strings count too."""
        value = self.value.get(name)
        known = {"0": False, "1": True, "false": False, "true": True}
        if value is not None and str(value).lower() in known:
            return known[str(value).lower()]
        return self._absent(name, value, default)

    def fields(self, name: str) -> Fields:
        """The object in the field."""
        value = self.value.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name)
        return Fields(value=value, origin=self.origin)

    def each(self, name: str) -> Iterator[Fields]:
        """The objects of the list in the field; a missing list is empty."""
        value = self.value.get(name)
        items = [] if value is None else value
        if not isinstance(items, list):
            raise self._wrong(name)
        for item in items:
            if not isinstance(item, dict):
                raise self._wrong(name)
            yield Fields(value=item, origin=self.origin)

    def _absent(self, name: str, value: object, default: D | None) -> D:
        if value is not None or default is None:
            raise self._wrong(name)
        return default

    def _wrong(self, name: str) -> PlatformError:
        return self.origin.broken(
            _("The answer to {action} has no usable field {name}.").format(
                action=self.origin.action, name=name
            )
        )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A decoded answer with an HTTP status below 500."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    json: object
    origin: Origin = field(repr=False)

    @property
    def fields(self) -> Fields:
        """The JSON object; raises as `Fields` does when the answer is no object."""
        if not isinstance(self.json, dict):
            raise self.origin.broken(
                _("The answer to {action} is not an object.").format(action=self.origin.action)
            )
        return Fields(value=self.json, origin=self.origin)


class Http:
    """Calls of one platform's API, over a session that is handed in."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        platform: str,
        base_url: str,
        timeout_s: float,
        read_wait_s: float = 0.5,
        pace: Pace | None = None,
    ) -> None:
        self._pace = pace
        self._session = session
        self._platform = platform
        self._base_url = base_url.rstrip("/")
        connect_s = min(CONNECT_TIMEOUT_S, timeout_s / 2)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=connect_s)
        self._read_wait_s = read_wait_s

    async def read(
        self,
        method: str,
        path: str,
        *,
        action: str,
        params: Params | None = None,
        json_body: object = None,
        data: Mapping[str, str] | None = None,
        headers: Headers | None = None,
    ) -> Answer:
        """The answer to a read-only call, asked up to three times while it is `Unavailable`."""
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(Unavailable),
            stop=stop_after_attempt(READ_TRIES),
            wait=wait_random(self._read_wait_s, 3 * self._read_wait_s),
            reraise=True,
        )
        return await attempts(
            self.call,
            method,
            path,
            action=action,
            params=params,
            json_body=json_body,
            data=data,
            headers=headers,
            effect=False,
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        action: str,
        params: Params | None = None,
        json_body: object = None,
        data: Body | None = None,
        headers: Headers | None = None,
        effect: bool,
    ) -> Answer:
        """The answer to one call, made once.

        `json_body` goes out as UTF-8 without escapes, `data` as it is (a form, multipart, bytes).
        `effect` says whether the call may make something public. Errors: `Unavailable` when
        nothing was sent or a call without effect got no answer; `OutcomeUnknown` when a call with
        effect got none that can be trusted; `ContractBroken` for an unreadable answer;
        `RateLimited` for HTTP 429 without JSON.
        """
        await self._keep_pace(action)
        sent_headers = dict((headers() if callable(headers) else headers) or {})
        if json_body is not None:
            # aiohttp's own json= escapes Chinese as \u, which WeChat refuses (40033, 47002).
            data = json.dumps(json_body, ensure_ascii=False).encode()
            sent_headers.setdefault("Content-Type", "application/json")
        body = data
        if isinstance(data, Mapping):
            body = form_encoded(data)
            sent_headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        origin = Origin(platform=self._platform, action=action, effect=effect)
        try:
            async with self._session.request(
                method,
                self._base_url + path,
                params=params,
                data=body,
                headers=sent_headers,
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                raw = await response.read()
        except (aiohttp.ClientError, OSError) as error:
            raise _no_answer(origin, error) from error
        return _answer(origin, response, raw, (params, json_body, data, sent_headers))

    async def _keep_pace(self, action: str) -> None:
        """Raises RateLimited, before anything is sent, when the office has called too often."""
        retry_at = None if self._pace is None else await self._pace.take()
        if retry_at is not None:
            message = _("The office's limit for calls to {platform} is reached; nothing was sent.")
            raise RateLimited(
                message.format(platform=words.platform(self._platform)),
                platform=self._platform,
                action=action,
                retry_at=retry_at,
                scope="office",
            )


def _answer(
    asked: Origin, response: aiohttp.ClientResponse, raw: bytes, sent: tuple[object, ...]
) -> Answer:
    origin = replace(asked, status=response.status, head=raw[:_HEAD_BYTES], sent=sent)
    return Answer(
        status=response.status,
        headers=dict(response.headers),
        raw=raw,
        json=_decoded(origin, raw),
        origin=origin,
    )


def form_encoded(fields: Mapping[str, str]) -> bytes:
    """The fields as application/x-www-form-urlencoded, UTF-8.

    Chinese goes byte by byte in one call; `urlencode` looks at each byte, and was the largest
    part of a short post's cost.
    """
    pairs = (
        f"{quote_plus(name)}={quote_plus(value) if value.isascii() else _every_byte(value)}"
        for name, value in fields.items()
    )
    return "&".join(pairs).encode()


def _every_byte(text: str) -> str:
    return "%" + text.encode().hex("%").upper()


def redact(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """`text` without the given secrets and without anything an answer names as a token."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _SECRET_IN_ANSWER.sub(r"\1***", text)


def _secrets(*places: object) -> frozenset[str]:
    found = (
        str(value)
        for place in places
        if isinstance(place, Mapping)
        for name, value in place.items()
        if str(name).lower() in _SECRET_NAMES
    )
    # Replacing a one-letter value would garble the whole text and hide nothing.
    return frozenset(value for value in found if len(value) >= 4)


def _no_answer(origin: Origin, error: Exception) -> PlatformError:
    # https://docs.aiohttp.org/en/stable/client_reference.html#hierarchy-of-exceptions
    nothing_sent = (
        aiohttp.ClientConnectorError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.InvalidURL,
    )
    if isinstance(error, nothing_sent):
        message = _("{platform} cannot be reached; nothing was sent.")
        return origin.error(Unavailable, message.format(platform=words.platform(origin.platform)))
    message = _("{platform} gave no answer to {action}.")
    return origin.lost(
        message.format(platform=words.platform(origin.platform), action=origin.action)
    )


def _decoded(origin: Origin, raw: bytes) -> object:
    facts = {
        "platform": words.platform(origin.platform),
        "action": origin.action,
        "status": origin.status,
    }
    if origin.status >= 500:
        message = _("{platform} answered {action} with HTTP {status}.")
        raise origin.lost(message.format(**facts))
    if 300 <= origin.status < 400:
        message = _("{platform} redirected {action} to another page (HTTP {status}).")
        raise origin.broken(message.format(**facts))
    try:
        return json.loads(raw.decode("utf-8"))
    except ValueError as error:
        if origin.status == 429:
            message = _("{platform} asks for fewer calls (HTTP 429).")
            raise origin.error(RateLimited, message.format(**facts)) from error
        message = _("{platform} answered {action} with something that is not JSON.")
        raise origin.broken(message.format(**facts)) from error
