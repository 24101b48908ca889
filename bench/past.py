"""A ledger with years behind it, made by the database itself: a million rows in a minute.

Everything is published except every 40th publication, which was missed; every 50th post is a key
item with verdicts. The present month is the same however long the past is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bot.domain.roster import Account, Roster, Unit
from bot.ledger import roster
from bot.ledger.connection import Connection
from bot.ledger.store import Ledger

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
ACCOUNTS = 100
DUE_TIMES, DUE_EACH = 21, 50  # publications coming due, one lot every minute after NOW
_YEARS = timedelta(days=5 * 365)
_MONTH = datetime(2026, 11, 1, tzinfo=UTC)
_MONTH_POSTS = 60
_KEY_EVERY = 50  # of the past
_MONTH_KEY_EVERY = 8
_HASH = "substr('{0}' || p.id || 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 1, 64)"


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Posts made alike: `posts` of them from `first` on, one every `every`."""

    name: str
    posts: int
    first: datetime
    every: timedelta
    accounts: int = ACCOUNTS
    key_every: int = 0
    published: bool = True


async def fill(ledger: Ledger, past: int, *, postgres: bool) -> None:
    """Enters the roster, so many past publications, the present month, and what comes due."""
    posts = past // ACCOUNTS
    start = _MONTH - _YEARS
    batches = (
        _Batch(name="p", posts=posts, first=start, every=_YEARS / posts, key_every=_KEY_EVERY),
        _Batch(
            name="m",
            posts=_MONTH_POSTS,
            first=_MONTH,
            every=timedelta(hours=7),
            key_every=_MONTH_KEY_EVERY,
        ),
        _Batch(
            name="d",
            posts=DUE_TIMES,
            first=NOW + timedelta(minutes=1),
            every=timedelta(minutes=1),
            accounts=DUE_EACH,
            published=False,
        ),
    )
    async with ledger.write() as conn:
        await roster.save(conn, _roster(), NOW)
        await conn.execute(text(_READ_UP_TO.format(now=_moment(NOW, postgres=postgres))))
        for batch in batches:
            await _enter(conn, batch, postgres=postgres)
        if postgres:
            await conn.execute(text("ANALYZE"))  # as its own housekeeping would have done by then


def _roster() -> Roster:
    units, accounts = {}, {}
    for number in range(ACCOUNTS):
        unit, account = f"u{number:03d}", f"a{number:03d}-weibo"
        units[unit] = Unit(id=unit, name=f"单位{number}", short=f"单位{number}")
        accounts[account] = Account(
            id=account,
            unit=unit,
            platform="weibo",
            name=f"单位{number}",
            verified_name=f"单位{number}",
            flagship=number == 0,
        )
    return Roster(name="测速", units=units, accounts=accounts)


async def _enter(conn: Connection, batch: _Batch, *, postgres: bool) -> None:
    words = {
        "name": batch.name,
        "posts": batch.posts,
        "due": _series_moment(batch, postgres=postgres),
        "key": f"n % {batch.key_every} = 0" if batch.key_every else "FALSE",
        "accounts": batch.accounts,
        "state": "CASE WHEN (p.line + a.position) % 40 = 39 THEN 'missed' ELSE 'published' END"
        if batch.published
        else "'planned'",
        "next_at": "NULL" if batch.published else "p.due_at",
        "not_after": _moment(NOW + timedelta(days=1), postgres=postgres),
        "empty": "CAST('{}' AS json)" if postgres else "'{}'",
        "body": "CAST('{\"text\":\"' || repeat('健康提示', 100) || '\"}' AS json)"
        if postgres
        else "'{\"text\":\"' || replace(hex(zeroblob(100)), '00', '健康提示') || '\"}'",
        "list": "CAST('[]' AS json)" if postgres else "'[]'",
        "hash": _HASH.format("c"),
        "fingerprint": _HASH.format("k").replace("p.id", "p.id || '-' || a.position"),
    }
    for statement in _STATEMENTS if batch.published else _STATEMENTS[:4]:
        await conn.execute(text(statement.format(**words)))


def _moment(moment: datetime, *, postgres: bool) -> str:
    shown = moment.strftime("%Y-%m-%d %H:%M:%S.%f")
    return f"TIMESTAMPTZ '{shown}+00'" if postgres else f"'{shown}'"


def _series_moment(batch: _Batch, *, postgres: bool) -> str:
    """The n-th post's time, whole seconds."""
    seconds = f"{int(batch.first.timestamp())} + CAST(n * {batch.every.total_seconds()} AS INTEGER)"
    if postgres:
        return f"to_timestamp({seconds})"
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', {seconds}, 'unixepoch')"


_READ_UP_TO = "UPDATE accounts SET read_from = {now}, read_until = {now}"
_SERIES = "WITH RECURSIVE s(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM s WHERE n + 1 < {posts}) "
_STATEMENTS = (
    """INSERT INTO posts (id, title, due_at, content_hash, "column", topic, file, line, key_item,
         deadline_at, first_release_at)
       """
    + _SERIES
    + """SELECT '{name}' || n, '健康提示' || n, {due}, '', '', '', 'may.yaml', n, {key},
         CASE WHEN {key} THEN {due} END, CASE WHEN {key} THEN {due} END FROM s""",
    """INSERT INTO contents (hash, post, body, first_seen_at)
       SELECT {hash}, p.id, {body}, p.due_at FROM posts p WHERE p.id LIKE '{name}%'""",
    """INSERT INTO publications (post, account, unit, platform, kind, method, key, by_hand,
         needs_acceptance, state, due_at, not_after, content_hash, next_at, checkpoint, pending,
         error, commits, platform_id, url, published_at)
       SELECT p.id, a.id, a.unit, a.platform,
         CASE WHEN a.position > 0 AND p.key_item THEN 'reprint' ELSE 'original' END, 'publish',
         {fingerprint}, FALSE, FALSE, {state}, p.due_at,
         {not_after}, {hash}, {next_at}, {empty}, {empty}, {empty}, 1,
         p.id || '-' || a.position, 'https://weibo.com/10/' || p.id || '-' || a.position, p.due_at
       FROM posts p CROSS JOIN accounts a
       WHERE p.id LIKE '{name}%' AND a.position < {accounts} ORDER BY p.line, a.position""",
    """INSERT INTO events (publication, at, name, from_state, to_state, facts)
       SELECT b.id, b.due_at, 'publication.planned', '', 'planned', {empty}
       FROM publications b WHERE b.post LIKE '{name}%' ORDER BY b.id""",
    """INSERT INTO events (publication, at, name, from_state, to_state, facts)
       SELECT b.id, b.due_at, k.name, k.before, k.after, {empty} FROM publications b
       CROSS JOIN (SELECT 'publication.claimed' AS name, 'planned' AS before, 'queued' AS after
         UNION ALL SELECT 'publication.granted', 'queued', 'sending'
         UNION ALL SELECT 'publication.published', 'sending', 'published') k
       WHERE b.post LIKE '{name}%' AND b.state = 'published' ORDER BY b.id""",
    """INSERT INTO items (account, unit, platform, platform_id, url, title, text, kind, by_bot,
         publication, published_at, first_seen_at, last_seen_at)
       SELECT b.account, b.unit, b.platform, b.platform_id, b.url, '健康提示', '勤洗手，常通风',
         b.kind, TRUE, b.id, b.published_at, b.published_at, b.published_at
       FROM publications b WHERE b.post LIKE '{name}%' AND b.state = 'published' ORDER BY b.id""",
    """INSERT INTO verdicts (item, post, account, published_at, at, level, decision, rule,
         rule_version, source_ok, scores, passages)
       SELECT i.id, b.post, b.account, b.published_at, b.published_at, 'B', 'reprinted',
         'declared', 1, TRUE, {empty}, {list}
       FROM publications b JOIN items i ON i.publication = b.id
       JOIN posts p ON p.id = b.post
       WHERE b.post LIKE '{name}%' AND p.key_item AND b.kind = 'reprint'""",
)
