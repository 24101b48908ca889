"""Health and metrics over HTTP: /healthz, /readyz, /metrics. docs/watching.md explains each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv6Address, ip_address

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot import __version__
from bot.engine import health
from bot.engine.health import LEDGER_GONE, Ping, Trouble
from bot.engine.ports import Core
from bot.i18n import _
from bot.logs import get_logger, said
from bot.metrics import Metrics

log = get_logger(__name__)
_NAP_S = 0.01
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")

Notes = Callable[[], Sequence[Trouble]]


def nothing() -> Sequence[Trouble]:
    """No notes: this process reads no calendar."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Answers those who watch this process. `ping` asks the queue between machines, if any."""

    core: Core
    metrics: Metrics
    ping: Ping | None
    overdue_s: float  # not ready from here on: so long has a due post waited for its first try
    metrics_open: bool  # also for others than this machine
    notes: Notes = nothing  # worth knowing, and no reason against being ready
    # A loop that comes round later than this does nothing else in time either.
    slow_loop_s: float = 5.0

    def add_routes(self, app: web.Application) -> None:
        """Serves the three pages on `app`; they need no login."""
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.page)

    async def healthz(self, _request: web.Request) -> web.Response:
        """200 while the process answers and its loop comes round in time, else 503."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(_NAP_S)
        late_s = max(loop.time() - began - _NAP_S, 0.0)
        alive = late_s < self.slow_loop_s
        body = {"alive": alive, "loop_late_s": round(late_s, 3), "version": __version__}
        return web.json_response(body, status=200 if alive else 503)

    async def readyz(self, _request: web.Request) -> web.Response:
        """200 while the work gets done, else 503 with the reasons."""
        found = await health.troubles(self.core, limit_s=self.overdue_s, ping=self.ping)
        body = {
            "ready": not found,
            "reasons": [asdict(trouble) for trouble in found],
            "notes": [asdict(note) for note in self.notes()],
        }
        return web.json_response(body, status=503 if found else 200)

    async def page(self, request: web.Request) -> web.Response:
        """All metrics; without those of the ledger while it cannot be read."""
        if not (self.metrics_open or from_here(request)):
            message = _("Metrics are for this machine only; see web.metrics_open in the settings.")
            return web.json_response({"error": message}, status=403)
        try:
            facts = await health.look(self.core)
        except LEDGER_GONE as error:
            log.warning("metrics.ledger_unreachable", error=said(error))
            facts = None
        body = self.metrics.page(facts)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def from_here(request: web.Request) -> bool:
    """True for a client on this machine; not for one whose request a proxy here passed on."""
    passed_on = any(name in request.headers for name in _FORWARDED)
    return not passed_on and is_loopback(request.remote)


def is_loopback(remote: str | None) -> bool:
    """True for an address of this machine alone."""
    try:
        address = ip_address(remote or "")
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
