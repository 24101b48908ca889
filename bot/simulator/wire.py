"""One HTTP call of a platform API: parsed, put through the faults, answered.

Platforms are plain synchronous code over `Call` and `Answer`, so an effect is atomic: a fault
strikes before all of it or after all of it.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qsl

from aiohttp import web

from bot.simulator.faults import AFTER, BEFORE, Fault
from bot.simulator.store import Core, Json

CLOSING = web.AppKey("closing", asyncio.Event)
_HTML = "<html><head><title>502 Bad Gateway</title></head><body>gateway error</body></html>"


class BadBody(ValueError):
    """The request body is not what its Content-Type says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of a multipart body."""

    name: str
    filename: str | None
    content_type: str
    data: memoryview
    extended: bool  # the name came as RFC 2231 `filename*=`


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request as the platform sees it."""

    method: str
    path: str  # with the platform's prefix
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    content_type: str

    @cached_property
    def parts(self) -> list[Part]:
        """The parts of a multipart body; raises `BadBody` when it is none or broken."""
        return parse_multipart(self.content_type, self.body)

    @cached_property
    def form(self) -> Mapping[str, str]:
        """Form fields, url-encoded or multipart; files are left out. Raises `BadBody`."""
        if self.content_type.startswith("multipart/"):
            plain = [p for p in self.parts if p.filename is None and not p.extended]
            return {p.name: _utf8(bytes(p.data)) for p in plain}
        if not self.content_type.startswith("application/x-www-form-urlencoded"):
            return {}
        return dict(parse_qsl(_utf8(self.body), keep_blank_values=True))

    @cached_property
    def json(self) -> Json:
        """The JSON object of the body; raises `BadBody`."""
        try:
            data = json.loads(_utf8(self.body))
            # A lone surrogate is legal JSON and no text at all.
            json.dumps(data, ensure_ascii=False).encode()
        except ValueError as error:
            raise BadBody("not JSON") from error
        if not isinstance(data, dict):
            raise BadBody("not a JSON object")
        return data


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the platform says: JSON unless `raw` is given."""

    body: Any
    status: int = 200
    content_type: str = "application/json"
    raw: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Platform(Protocol):
    """What the dispatcher needs of a platform."""

    name: ClassVar[str]

    def identify(self, call: Call) -> str | None:
        """Our id of the account the call is for, even when its token is dead."""

    def serve(self, call: Call) -> Answer:
        """Carry the call out."""

    def refuse(self, code: int, call: Call) -> Answer:
        """The platform's typical body for an error code."""

    def without_code(self, body: Any) -> Any:
        """The same answer body without its success code."""


async def dispatch(core: Core, platform: Platform, request: web.Request) -> web.StreamResponse:
    """Answer one platform request, faults included."""
    body = await request.read()
    call = Call(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        body=body,
        content_type=request.headers.get("Content-Type", ""),
    )
    core.requests[call.path] += 1
    fired = core.faults.take(platform.name, platform.identify(call), call.path)
    if not fired:
        return _response(platform.serve(call))
    await asyncio.sleep(sum(f.seconds for f in fired if f.kind == "latency"))
    for fault in fired:
        if fault.kind in BEFORE:
            return await _before(fault, platform, call, request)
    answer = platform.serve(call)
    for fault in fired:
        if fault.kind in AFTER:
            return await _after(fault, platform, answer, request)
    return _response(answer)


def _response(answer: Answer) -> web.Response:
    text = answer.raw
    if text is None:
        text = json.dumps(answer.body, ensure_ascii=False)
    return web.Response(
        body=text.encode(),
        status=answer.status,
        content_type=answer.content_type,
        charset="utf-8",
        headers=answer.headers,
    )


async def _before(
    fault: Fault, platform: Platform, call: Call, request: web.Request
) -> web.StreamResponse:
    if fault.kind == "code":
        return _response(platform.refuse(fault.code, call))
    if fault.kind == "status_before":
        return _page(fault.status)
    if fault.kind == "hang_before":
        await _until_left(request)
    return _closed(request)


async def _after(
    fault: Fault, platform: Platform, answer: Answer, request: web.Request
) -> web.StreamResponse:
    if fault.kind == "status_after":
        return _page(fault.status)
    if fault.kind == "html":
        return _page(200)
    if fault.kind == "empty":
        return web.Response(body=b"")
    if fault.kind == "missing_code":
        return _response(_replaced(answer, platform.without_code(answer.body)))
    if fault.kind == "string_numbers":
        return _response(_replaced(answer, stringified(answer.body)))
    if fault.kind == "hang":
        await _until_left(request)
    return _closed(request)


def _replaced(answer: Answer, body: Any) -> Answer:
    return replace(answer, body=body)


def _page(status: int) -> web.Response:
    return web.Response(text=_HTML, status=status, content_type="text/html")


def _closed(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _until_left(request: web.Request) -> None:
    # The server does not cancel a handler when its client leaves, so the transport is watched;
    # the event lets a shutdown end the wait.
    closing = request.app[CLOSING]
    while request.transport is not None and not request.transport.is_closing():
        try:
            await asyncio.wait_for(closing.wait(), timeout=0.05)
            return
        except TimeoutError:
            continue


def stringified(value: Any) -> Any:
    """The same JSON with every number as a string."""
    if isinstance(value, dict):
        return {key: stringified(item) for key, item in value.items()}
    if isinstance(value, list):
        return [stringified(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_NAME = re.compile(r'[;\s]name="?([^";]*)"?')
_FILENAME = re.compile(r'[;\s]filename="?([^";]*)"?')


def parse_multipart(content_type: str, body: bytes) -> list[Part]:
    """The parts of a multipart/form-data body; raises `BadBody` when it is malformed."""
    found = _BOUNDARY.search(content_type)
    if not content_type.startswith("multipart/form-data") or found is None:
        raise BadBody("not multipart/form-data")
    mark = b"--" + found.group(1).encode()
    if not body.startswith(mark):
        raise BadBody("the first boundary is missing")
    view, parts, at = memoryview(body), [], len(mark)
    while body[at : at + 2] == b"\r\n":
        head_end = body.find(b"\r\n\r\n", at)
        end = body.find(b"\r\n" + mark, head_end + 2)
        if head_end < 0 or end < 0:
            raise BadBody("a part is cut off")
        head = body[at + 2 : head_end].decode("utf-8", "replace")
        parts.append(_part(head, view[min(head_end + 4, end) : end]))
        at = end + 2 + len(mark)
    if body[at : at + 2] != b"--":
        raise BadBody("the last boundary is missing")
    return parts


def _part(head: str, data: memoryview) -> Part:
    lines = dict(line.split(":", 1) for line in head.split("\r\n") if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in lines.items()}
    disposition = headers.get("content-disposition", "")
    name, filename = _NAME.search(disposition), _FILENAME.search(disposition)
    if name is None:
        raise BadBody("a part has no name")
    return Part(
        name=name.group(1),
        filename=None if filename is None else filename.group(1),
        content_type=headers.get("content-type", ""),
        data=data,
        extended="filename*=" in disposition,
    )


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadBody("not UTF-8") from error
