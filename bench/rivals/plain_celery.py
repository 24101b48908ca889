"""App of plain Celery with Redis: `celery -A bench.rivals.plain_celery worker`."""

from __future__ import annotations

from functools import cache

import requests
from celery import Celery

from bench import load
from bench.rivals.job import Teller, redis_url, share_url

app = Celery("bench", broker=redis_url())
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=16,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)


@cache
def _session() -> tuple[requests.Session, Teller]:
    """One of each per worker process."""
    session = requests.Session()
    session.trust_env = False  # or the proxy variables are read again for every call
    return session, Teller()


@app.task(name="publish")  # type: ignore[untyped-decorator]
def publish(account: int, post: int) -> None:
    """One post."""
    session, teller = _session()
    headers = load.headers_of(account)
    answer = session.post(share_url(), data=load.form_of(post), headers=headers, timeout=30)
    teller.tell(answer.json())
