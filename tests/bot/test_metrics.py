"""Counters fed with events, gauges fed with facts; read as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from bot import __version__
from bot.metrics import Authorised, Facts, Metrics, QuotaLeft

NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(metrics: Metrics, facts: Facts | None = None) -> Samples:
    """(name, labels) → value of everything on the page."""
    families = text_string_to_metric_families(metrics.page(facts).decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def at(found: Samples, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


def event(name: str, *, publication: int = 1, late_s: float = 0.0, **facts: Any) -> dict[str, Any]:
    """As the journal tells it."""
    return {
        "publication": publication,
        "at": NOW + timedelta(seconds=late_s),
        "name": f"publication.{name}",
        "from_state": "queued",
        "to_state": "sending",
        "facts": facts,
        "account": "u01-weibo",
        "platform": "weibo",
        "due_at": NOW,
    }


def some_facts(**changes: Any) -> Facts:
    base: dict[str, Any] = {
        "now": NOW,
        "untried_s": 0.0,
        "overdue_s": 0.0,
        "open": {"planned": 3, "unknown": 0},
        "frozen": False,
        "paused": 0,
    }
    return Facts(**base | changes)


def test_outcomes_are_counted_by_platform() -> None:
    metrics = Metrics()
    names = ["published", "confirmed", "failed", "postponed", "lost", "needs_person"]
    metrics.heard([event(name) for name in names])
    metrics.heard([event("published")])
    found = samples(metrics)
    total = "bot_outcomes_total"
    assert at(found, total, platform="weibo", outcome="published") == 3
    for outcome in ("failed", "postponed", "unknown", "needs_person"):
        assert at(found, total, platform="weibo", outcome=outcome) == 1


def test_steps_on_the_way_are_no_outcomes() -> None:
    metrics = Metrics()
    metrics.heard([event(name) for name in ("planned", "queued", "prepared", "held", "looked")])
    assert not [name for name, _labels in samples(metrics) if name == "bot_outcomes_total"]


def test_lateness_runs_from_the_planned_time_to_the_first_call() -> None:
    metrics = Metrics()
    metrics.heard(
        [
            event("granted", publication=1, late_s=0.07, commit=1),
            event("granted", publication=2, late_s=40, commit=1),
            event("granted", publication=2, late_s=4000, commit=2),  # a second call
            event("granted", publication=1, late_s=900, commit=1),  # the first was given back
        ]
    )
    found = samples(metrics)
    assert at(found, "bot_lateness_seconds_count", platform="weibo") == 2
    assert at(found, "bot_lateness_seconds_sum", platform="weibo") == 40.07
    assert at(found, "bot_lateness_seconds_bucket", platform="weibo", le="0.05") == 0
    assert at(found, "bot_lateness_seconds_bucket", platform="weibo", le="0.1") == 1


def test_a_clock_set_back_makes_nothing_early() -> None:
    metrics = Metrics()
    metrics.heard([event("granted", late_s=-5, commit=1)])
    assert at(samples(metrics), "bot_lateness_seconds_sum", platform="weibo") == 0


def test_counting_never_stops_a_post() -> None:
    metrics = Metrics()
    broken: Mapping[str, Any] = {"name": "publication.published"}
    metrics.heard([broken])
    metrics.heard([event("published")])
    found = samples(metrics)
    assert at(found, "bot_outcomes_total", platform="weibo", outcome="published") == 1


def test_facts_of_the_ledger() -> None:
    facts = some_facts(
        untried_s=12.5,
        overdue_s=3.0,
        frozen=True,
        paused=2,
        quota=(
            QuotaLeft(account="u01-wechat", platform="wechat", action="push", period="day", left=0),
        ),
        authorised=(
            Authorised(
                account="u01-weibo", platform="weibo", expires_at=NOW + timedelta(days=9, hours=12)
            ),
        ),
    )
    found = samples(Metrics(), facts)
    assert at(found, "bot_ledger_up") == 1
    assert at(found, "bot_oldest_untried_seconds") == 12.5
    assert at(found, "bot_overdue_seconds") == 3.0
    assert at(found, "bot_open_publications", state="planned") == 3
    assert at(found, "bot_open_publications", state="unknown") == 0
    assert at(found, "bot_frozen") == 1
    assert at(found, "bot_paused_accounts") == 2
    labels = {"account": "u01-wechat", "platform": "wechat", "action": "push", "period": "day"}
    assert at(found, "bot_quota_left", **labels) == 0
    days = at(found, "bot_authorisation_days_left", account="u01-weibo", platform="weibo")
    assert days == 9.5


def test_an_account_that_is_gone_is_gone_from_the_page() -> None:
    metrics = Metrics()
    quota = QuotaLeft(account="u99-weibo", platform="weibo", action="publish", period="day", left=1)
    assert "u99" in metrics.page(some_facts(quota=(quota,))).decode()
    assert "u99" not in metrics.page(some_facts()).decode()


def test_without_the_ledger_the_counters_stay() -> None:
    metrics = Metrics()
    metrics.heard([event("published")])
    metrics.page(some_facts())
    found = samples(metrics, None)
    assert at(found, "bot_ledger_up") == 0
    assert ("bot_oldest_untried_seconds", frozenset()) not in found
    assert at(found, "bot_outcomes_total", platform="weibo", outcome="published") == 1


def test_jobs_and_version() -> None:
    metrics = Metrics(queue="arq")
    metrics.succeeded("tick", NOW)
    metrics.succeeded("collect", NOW - timedelta(hours=1))
    found = samples(metrics)
    last = "bot_last_success_timestamp_seconds"
    assert at(found, last, job="tick") == NOW.timestamp()
    assert at(found, last, job="collect") == NOW.timestamp() - 3600
    assert at(found, "bot_info", version=__version__, queue="arq") == 1


def test_the_registry_is_our_own() -> None:
    """Two bots in one process, as in tests, must not meet; nor must another library's metrics."""
    first, second = Metrics(), Metrics()
    first.heard([event("published")])
    assert "weibo" not in second.page(None).decode()
    assert not [family for family in REGISTRY.collect() if family.name.startswith("bot_")]
