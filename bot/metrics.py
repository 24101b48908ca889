"""What is measured, in a registry of our own: counters fed by the journal, facts of the ledger.

docs/watching.md says what each metric means. Nothing here reads the ledger or a clock; facts and
moments are handed in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot import __version__
from bot.logs import get_logger

log = get_logger(__name__)

# Fine where a bot that is on time stands, coarse where only "much too late" matters.
_LATENESS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600)
_REMEMBERED = 10_000  # publications whose first call was counted; more than are ever under way

# Event → outcome; other events end nothing.
_OUTCOMES = {
    "publication.published": "published",
    "publication.confirmed": "published",
    "publication.handed_off": "handed_off",
    "publication.failed": "failed",
    "publication.missed": "missed",
    "publication.cancelled": "cancelled",
    "publication.postponed": "postponed",
    "publication.lost": "unknown",
    "publication.needs_person": "needs_person",
}


@dataclass(frozen=True, kw_only=True)
class QuotaLeft:
    """How many calls of one kind an account has left in the period that runs."""

    account: str
    platform: str
    action: str
    period: str
    left: int


@dataclass(frozen=True, kw_only=True)
class Authorised:
    """Until when an account's authorisation holds."""

    account: str
    platform: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the ledger says at one moment."""

    now: datetime
    untried_s: float  # how long the oldest due publication has waited for its first try
    overdue_s: float  # how long the row that is due longest has waited to be looked at
    open: Mapping[str, int]  # state → publications, of states whose next move is owed
    frozen: bool
    paused: int  # accounts that may not publish
    quota: tuple[QuotaLeft, ...] = ()
    authorised: tuple[Authorised, ...] = ()


class Metrics:
    """All metrics of one process. `queue` is "local" or "arq"."""

    def __init__(self, *, queue: str = "local") -> None:
        self._registry = CollectorRegistry()
        self._ledger = _LedgerFacts()
        self._registry.register(self._ledger)
        ProcessCollector(registry=self._registry)
        self._outcomes = Counter(
            "bot_outcomes",
            "What publications came to in this process",
            ["platform", "outcome"],
            registry=self._registry,
        )
        self._lateness = Histogram(
            "bot_lateness_seconds",
            "From the planned time to the grant of a publication's first call",
            ["platform"],
            buckets=_LATENESS_S,
            registry=self._registry,
        )
        self._succeeded = Gauge(
            "bot_last_success_timestamp_seconds",
            "When this process last did the job (tick, calendar, …) without an error",
            ["job"],
            registry=self._registry,
        )
        self._calendar = Gauge(
            "bot_calendar_errors",
            "Errors of a calendar's file as this process last read it; 0 when they are mended",
            ["file"],
            registry=self._registry,
        )
        about = Gauge(
            "bot_info", "Version and kind of queue", ["version", "queue"], registry=self._registry
        )
        about.labels(version=__version__, queue=queue).set(1)
        # Finding a labelled child costs more than counting with it.
        self._outcome = cache(self._outcomes.labels)
        self._late = cache(self._lateness.labels)
        self._granted: OrderedDict[int, None] = OrderedDict()
        self._calendar_files: set[str] = set()

    def heard(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Counts events that are durable by now. Never raises: counting must not stop a post."""
        try:
            for event in events:
                self._count(event)
        except Exception:
            log.exception("metrics.not_counted")

    def succeeded(self, job: str, at: datetime) -> None:
        """Notes that a regular job was done without an error."""
        self._succeeded.labels(job=job).set(at.timestamp())

    def calendar(self, errors: Mapping[str, int]) -> None:
        """Notes the errors of each file that has some."""
        # A file that has none any more stays, with 0: an alert sees that it ended.
        for known in self._calendar_files - errors.keys():
            self._calendar.labels(file=known).set(0)
        for file, count in errors.items():
            self._calendar.labels(file=file).set(count)
        self._calendar_files |= errors.keys()

    def page(self, facts: Facts | None) -> bytes:
        """All metrics in Prometheus' text format; `facts` is None while the ledger is gone."""
        self._ledger.facts = facts
        return generate_latest(self._registry)

    def _count(self, event: Mapping[str, Any]) -> None:
        name, platform = event["name"], event["platform"]
        if name in _OUTCOMES:
            self._outcome(platform, _OUTCOMES[name]).inc()
        elif name == "publication.granted" and self._is_first(event):
            late_s = (event["at"] - event["due_at"]).total_seconds()
            self._late(platform).observe(max(late_s, 0.0))

    def _is_first(self, event: Mapping[str, Any]) -> bool:
        """A call that was surely refused is given back, so the next is number one again."""
        publication = event["publication"]
        if event["facts"].get("commit") != 1 or publication in self._granted:
            return False
        self._granted[publication] = None
        if len(self._granted) > _REMEMBERED:
            self._granted.popitem(last=False)
        return True


class _LedgerFacts(Collector):
    """Gauges made anew for each page, so that what is gone from the ledger is gone from it too."""

    facts: Facts | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        facts = self.facts
        yield _gauge("bot_ledger_up", "1 while the ledger can be read", [((), bool(facts))])
        if facts is None:
            return
        yield _gauge(
            "bot_oldest_untried_seconds",
            "Age of the oldest due publication that nobody has tried; 0 when there is none",
            [((), facts.untried_s)],
        )
        yield _gauge(
            "bot_overdue_seconds",
            "How long the work that is due longest has waited for a tick; 0 when there is none",
            [((), facts.overdue_s)],
        )
        yield _gauge(
            "bot_open_publications",
            "Publications whose next move is owed by somebody, by state",
            [((state,), count) for state, count in sorted(facts.open.items())],
            "state",
        )
        yield _gauge("bot_frozen", "1 during a freeze", [((), facts.frozen)])
        yield _gauge("bot_paused_accounts", "Accounts that may not publish", [((), facts.paused)])
        yield _gauge(
            "bot_quota_left",
            "Calls an account has left in the period that runs",
            [((q.account, q.platform, q.action, q.period), q.left) for q in facts.quota],
            *("account", "platform", "action", "period"),
        )
        yield _gauge(
            "bot_authorisation_days_left",
            "Days until an account must be authorised again",
            [
                ((a.account, a.platform), (a.expires_at - facts.now).total_seconds() / 86_400)
                for a in facts.authorised
            ],
            *("account", "platform"),
        )


def _gauge(
    name: str, meaning: str, samples: Iterable[tuple[tuple[str, ...], float]], *labels: str
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for values, value in samples:
        family.add_metric(values, float(value))
    return family
