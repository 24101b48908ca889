"""E-mail, and everything else apprise knows.

Not the group robots: apprise decides on the HTTP status alone, and they refuse with HTTP 200
(docs/adr/0020-own-robots.md). What apprise logs is caught, because it is the only place where it
says why something failed.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from apprise import Apprise, NotifyBase, NotifyFormat

from bot.domain.letters import fit
from bot.domain.notices import Letter, Reply, Verdict
from bot.errors import UsageError
from bot.i18n import _

# Of their own: a mail server that does not answer must not hold up what publishing does in threads.
# As many as letters are sent at once (bot/engine/reminding.py), so that none waits for its turn.
_THREADS = ThreadPoolExecutor(8, "letters")
_MAIL_BYTES = 30_000
_FEWEST_BYTES = 200  # whatever a service says of its limit
_SAID_CHARS = 200
_SECRET_SIGNS = 4  # shorter parts of an address are no secrets
_ROBOTS = {"wecombot", "dingtalk", "feishu", "lark"}
_STEPS = 4  # connect, greet, log in, send: each has the whole timeout
# apprise's own words; what a failed step means depends on whether the text was under way.
_SENDING = "Sending email to"
_REASON = "Socket Exception: "
_NO_ANSWER = ("timed out", "unexpectedly closed", "please run connect", "reset by peer")


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """The mail server letters go out through."""

    host: str
    port: int  # 0: the usual one of `mode`
    user: str
    password: str = field(repr=False)
    sender: str
    mode: str  # ssl, starttls or insecure
    timeout_s: float


@dataclass(frozen=True, kw_only=True)
class ExtraTarget:
    """One mailbox, or another service of apprise."""

    service: NotifyBase
    kind: str
    limit: int
    mark: str
    timeout_s: float
    secrets: tuple[str, ...] = field(default=(), repr=False)  # never repeated

    async def send(self, letter: Letter) -> Reply:
        """Sends it once, in a thread; raises nothing but cancellation."""
        try:
            async with asyncio.timeout(self.timeout_s * _STEPS):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(_THREADS, self._send, fit(letter, self.limit))
        except TimeoutError:
            return _unclear("")

    def _send(self, letter: Letter) -> Reply:
        with _heard() as lines:
            try:
                sent = self.service.notify(
                    title=letter.title, body=letter.text, body_format=NotifyFormat.TEXT
                )
            except Exception as error:  # a plugin's own fault must not end the round
                lines.append(f"{type(error).__name__}: {error}")
                sent = False
        if sent:
            return Reply(verdict=Verdict.SENT)
        return self._failed([self._safe(line) for line in lines])

    def _failed(self, lines: list[str]) -> Reply:
        reasons = [line.removeprefix(_REASON) for line in lines if line.startswith(_REASON)]
        why = (reasons or lines or [""])[-1]
        under_way = any(line.startswith(_SENDING) for line in lines)
        if under_way and any(words in why.lower() for words in _NO_ANSWER):
            return _unclear(why)
        return Reply(
            verdict=Verdict.REFUSED,
            said=why,
            advice=_("Check the address, the mail server in [notify] and its password."),
        )

    def _safe(self, line: str) -> str:
        for secret in self.secrets:
            line = line.replace(secret, "***")
        return " ".join(line.split())[:_SAID_CHARS]


def _unclear(why: str) -> Reply:
    return Reply(
        verdict=Verdict.UNCLEAR,
        said=_("No answer came: {cause}").format(cause=why) if why else _("No answer came."),
        advice=_("It may have arrived, so it is not sent again."),
    )


def mail(address: str, box: Mailbox, *, mark: str) -> ExtraTarget:
    """The mailbox `address`; raises UsageError when address or server cannot be used."""
    if not box.host or not box.sender:
        raise UsageError(
            _("E-mail needs notify.smtp_host and notify.smtp_from (or smtp_user) in the settings.")
        )
    service = _service(
        {
            "schema": "mailto" if box.mode == "insecure" else "mailtos",
            "host": box.host,
            "port": box.port or None,
            "user": box.user or None,
            "password": box.password or None,
            "smtp_host": box.host,
            "secure_mode": box.mode,
            "from_addr": box.sender,
            "targets": [address],
            "format": "text",
            "cto": box.timeout_s,
        }
    )
    if not service.targets:  # dropped by apprise as no address
        raise _not_understood()
    return ExtraTarget(
        service=service,
        kind=_("e-mail"),
        limit=_MAIL_BYTES,
        mark=mark,
        timeout_s=box.timeout_s,
        secrets=(box.password,) if box.password else (),
    )


def other(address: str, *, mark: str, timeout_s: float) -> ExtraTarget:
    """A service by apprise's own kind of address; raises UsageError when it knows none such."""
    scheme = address.partition("://")[0].lower()
    if scheme in _ROBOTS:
        raise UsageError(
            _(
                "Robots are reached without apprise, which takes every answer for success. Store "
                "the webhook address as the platform shows it (https://…)."
            )
        )
    service = _service(address)
    # Lengths are counted in characters there, and one of ours may take three bytes.
    limit = max(min(int(service.body_maxlen), _MAIL_BYTES), _FEWEST_BYTES)
    return ExtraTarget(
        service=service,
        kind=str(service.service_name or scheme),
        limit=limit,
        mark=mark,
        timeout_s=timeout_s,
        secrets=_parts(address),
    )


def _parts(address: str) -> tuple[str, ...]:
    """What of an address must not be repeated: all but its scheme, longest first.

    Where in it the secret stands is each service's own affair, and an error may tell the path.
    """
    found = re.split(r"[/:@?&=#,]+", address.partition("://")[2])
    parts = {part for raw in found for part in (raw, unquote(raw)) if len(part) >= _SECRET_SIGNS}
    return tuple(sorted(parts, key=len, reverse=True))


def _service(address: str | dict[str, Any]) -> Any:
    with _heard():
        service = Apprise.instantiate(address)
    if service is None:
        raise _not_understood()
    return service


def _not_understood() -> UsageError:
    return UsageError(
        _(
            "This address is not understood. Store a robot's webhook address (https://…), "
            "mailto:NAME@HOST, or an address of apprise."
        )
    )


class _Hearing(logging.Handler):
    """What apprise says in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Its lines, and none of them on the screen."""
    logger, hearing = logging.getLogger("apprise"), _Hearing()
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(hearing)
    try:
        yield hearing.lines
    finally:
        logger.removeHandler(hearing)
