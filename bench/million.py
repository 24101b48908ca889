"""One new text against a million stored items, in a real SQLite ledger.

The index grows to 1,000,000 items; on the way its cost is noted at 250,000 and 500,000. Then texts
of mixed kinds are looked up as a person would, from the raw text to the compared answers. A linear
scan of exact containment over some items, extrapolated, says what it would be without the index.
"""

from __future__ import annotations

import gc
import multiprocessing
import random
import sqlite3
import tempfile
import time
from array import array
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from bench.figures import Figure, Outcome, Table, percentile
from bench.writing import ACCOUNTS, POPULAR, Part, Writer, make_part, popular
from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.domain.normalise import grams, normalise
from bot.domain.roster import Account, Roster, Unit
from bot.engine.earlier import Earlier, earlier
from bot.ledger import roster, sketches
from bot.ledger.sketches import Sketched
from bot.ledger.tables import items
from bot.settings import Files, LedgerPart, Settings

SIZES = (250_000, 500_000, 1_000_000)
QUERIES = 100  # of the usual kinds
_FILE = "ledger.sqlite3"
_BATCH = 50_000  # items written in one go
_PART = 5_000  # items a helper process makes at once
_ROWS = 20_000  # hashes of one transaction
_RARE = 3  # round-ups are about one item in twenty
_SCANNED = 2_000  # items the linear scan compares with
_SPAN = timedelta(days=3 * 365)
_END = datetime(2026, 11, 1, tzinfo=UTC)
_LIMIT_MS = 5.0
_LINEAR = 1.5  # a tree of four times the size may cost so much more for each item


@dataclass
class Built:
    """What the index had cost at some size."""

    items: int
    sketching_s: float
    writing_s: float

    @property
    def each_us(self) -> float:
        """Microseconds an item."""
        return (self.sketching_s + self.writing_s) / self.items * 1e6


def _published(number: int, total: int) -> datetime:
    return _END - _SPAN + _SPAN * (number / total)


async def _members(app: App) -> None:
    accounts = {
        f"a{number}": Account(
            id=f"a{number}",
            unit="u1",
            platform="wechat",
            name=f"健康{number}",
            verified_name="澜汀区卫生健康委员会",
        )
        for number in range(ACCOUNTS)
    }
    unit = Unit(id="u1", name="澜汀区卫生健康委员会", short="区卫健委")
    async with app.core.ledger.write() as conn:
        await roster.save(conn, Roster(units={"u1": unit}, accounts=accounts), _END)


def _row(key: int, account: int, text: str, total: int) -> dict[str, Any]:
    at = _published(key, total)
    return {
        "id": key,
        "account": f"a{account}",
        "unit": "u1",
        "platform": "wechat",
        "platform_id": f"m{key}",
        "url": f"https://mp.example/{key}",
        "title": text[:18],
        "text": text,
        "kind": "original",
        "by_bot": False,
        "published_at": at,
        "first_seen_at": at,
        "last_seen_at": at,
    }


async def fill(app: App, sizes: Sequence[int], parts: Iterator[Part]) -> list[Built]:
    """Enters the items and their sketches; returns what the sketches had cost at each size."""
    await _members(app)
    built = []
    cost = Built(0, 0.0, 0.0)
    for size in sizes:
        while cost.items < size:
            some = list(islice(parts, max(1, min(_BATCH, size - cost.items) // _PART)))
            await _enter(app, some, cost, sizes[-1])
        built.append(Built(cost.items, cost.sketching_s, cost.writing_s))
    return built


@contextmanager
def _helper(total: int) -> Iterator[Iterator[Part]]:
    """Parts made by another process, while this one writes."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool.map(partial(make_part, size=_PART), range(total // _PART))


async def _enter(app: App, parts: Sequence[Part], cost: Built, total: int) -> None:
    texts = [pair for part in parts for pair in part.texts]
    rows = [_row(cost.items + n + 1, *pair, total) for n, pair in enumerate(texts)]
    async with app.core.ledger.write() as conn:
        await conn.execute(insert(items), rows)
    blobs = [blob for part in parts for blob in part.hashes]
    made = [
        Sketched(
            item=row["id"],
            text=row["text"],
            published_at=row["published_at"],
            hashes=array("i", blob),
        )
        for row, blob in zip(rows, blobs, strict=True)
    ]
    begin = time.perf_counter()
    found = sketches.rows_of(made)
    for start in range(0, len(found), _ROWS):
        await app.core.ledger.transact(partial(sketches.add, rows=found[start : start + _ROWS]))
    await app.core.ledger.transact(partial(sketches.done, made=made))
    cost.writing_s += time.perf_counter() - begin
    cost.sketching_s += sum(part.seconds for part in parts)
    cost.items += len(made)


@dataclass(frozen=True)
class Asked:
    """A text to look up, and the items that must be found by it; for `carried` the first of all."""

    kind: str
    text: str
    wanted: frozenset[int]


Article = tuple[int, str]  # item, raw text


class Asking:
    """Makes questions of stored articles."""

    def __init__(self, articles: Sequence[Article], firsts: Sequence[int], seed: int = 5) -> None:
        self._articles = articles
        self._firsts = firsts
        self._random = random.Random(seed)
        self._writer = Writer(10_000_000 + seed)

    def all(self, count: int) -> list[Asked]:
        """`count` questions of the usual kinds and fewer of the others, mixed."""
        usual = (self.copied, self.edited, self.excerpt, self.post, self.new)
        asked = [kind() for kind in usual for _ in range(count)]
        asked += [self.digest() for _ in range(count // _RARE)]  # as in an office's accounts
        asked += [self.carried(n % POPULAR) for n in range(count)]
        self._random.shuffle(asked)
        return asked

    def copied(self) -> Asked:
        """Between another header and footer."""
        item, raw = self._random.choice(self._articles)
        return Asked("copy between header and footer", self._framed(raw), frozenset({item}))

    def edited(self) -> Asked:
        """Every fortieth character or so another one."""
        item, raw = self._random.choice(self._articles)
        characters = list(raw)
        for place in self._random.sample(range(len(raw)), len(raw) // 40):
            characters[place] = "某"
        return Asked("light edit", self._framed("".join(characters)), frozenset({item}))

    def excerpt(self) -> Asked:
        """A fifth of it, in its own frame."""
        item, raw = self._random.choice(self._articles)
        return Asked(
            "excerpt of 20 %", self._framed(self._piece(raw, len(raw) // 5)), frozenset({item})
        )

    def post(self) -> Asked:
        """Eighty characters of it as a short post."""
        item, raw = self._random.choice(self._articles)
        return Asked("80 characters of it", self._piece(raw, 80), frozenset({item}))

    def digest(self) -> Asked:
        """Three articles in one."""
        some = self._random.sample(self._articles, 3)
        text = "\n".join(raw for _item, raw in some)
        return Asked("digest of three", text, frozenset(item for item, _raw in some))

    def new(self) -> Asked:
        """A text nobody has carried."""
        return Asked("new text", self._writer.one().raw, frozenset())

    def carried(self, number: int) -> Asked:
        """An article a hundred have carried; the first of them is wanted."""
        raw = "".join(sentence for sentence, _normal in popular(number))
        return Asked("carried by a hundred", self._framed(raw), frozenset({self._firsts[number]}))

    def _framed(self, raw: str) -> str:
        header = f"关注我们，健康不迷路。第{self._random.randrange(1000)}期。\n"
        return f"{header}{raw}\n审核人见文末，转发给身边的朋友，让更多的人知道。"

    def _piece(self, raw: str, length: int) -> str:
        begin = self._random.randrange(len(raw) - length)
        return raw[begin : begin + length]


async def asking(app: App, total: int) -> Asking:
    """Questions of articles that nobody else has carried."""
    carried = ["".join(raw for raw, _normal in popular(n)[:3]) for n in range(POPULAR)]
    rand = random.Random(3)
    wanted = rand.sample(range(1, total + 1), min(total, 6_000))
    async with app.core.ledger.read() as conn:
        query = select(items.c.id, items.c.text).where(items.c.id.in_(wanted))
        rows = [(row.id, row.text) for row in await conn.execute(query)]
        firsts = []
        for sentence in carried:
            first = select(items.c.id).where(items.c.text.startswith(sentence))
            firsts.append(await conn.scalar(first.order_by(items.c.id).limit(1)))
    own = [
        (item, raw) for item, raw in rows if len(raw) > 400 and not raw.startswith(tuple(carried))
    ]
    return Asking(own, firsts)


@dataclass(frozen=True)
class Answered:
    """How long one question took, and how many of the wanted items were found."""

    asked: Asked
    seconds: float
    found: int
    answers: Sequence[Earlier]


async def ask(app: App, questions: Sequence[Asked]) -> list[Answered]:
    """Looks each text up as `bot earlier` does."""
    answered = []
    gc.collect()
    for one in questions:
        begin = time.perf_counter()
        found = await earlier(app.core, one.text, _END)
        seconds = time.perf_counter() - begin
        answered.append(
            Answered(one, seconds, len(one.wanted & {other.item for other in found}), found)
        )
    return answered


async def scan_s(app: App, question: Asked) -> float:
    """Seconds for exact containment of one text in a stored one, the average of some."""
    async with app.core.ledger.read() as conn:
        query = select(items.c.text).order_by(items.c.id).limit(_SCANNED)
        texts = list((await conn.execute(query)).scalars())
    begin = time.perf_counter()
    own = grams(normalise(question.text))
    for text in texts:
        len(own & grams(normalise(text)))
    return (time.perf_counter() - begin) / len(texts)


def bytes_of(path: Path) -> int:
    """What the index takes of the ledger's file."""
    with sqlite3.connect(path) as conn:
        pages = "SELECT sum(pgsize) FROM dbstat WHERE name = 'sketches'"
        try:
            return int(conn.execute(pages).fetchone()[0])
        except sqlite3.OperationalError:  # built without dbstat: the key is 4 + 2 + 3 bytes
            return int(conn.execute("SELECT count(*) FROM sketches").fetchone()[0]) * 18


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[App]:
    """The bot with an empty ledger in `folder`."""
    settings = Settings(
        ledger=LedgerPart(url=f"sqlite:///{(folder / _FILE).as_posix()}"),
        files=Files(key=folder / "key"),
    )
    async with open_app(settings, clock=VirtualClock(_END)) as app:
        yield app


async def measure(runs: int) -> Outcome:
    """Builds the index once, whatever the number of runs, and asks it hundreds of questions."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with opened(folder) as app:
            with _helper(SIZES[-1]) as parts:
                built = await fill(app, SIZES, parts)
            questions = (await asking(app, SIZES[-1])).all(QUERIES)
            await ask(app, questions[:50])  # what a running bot has in memory anyway
            answered = await ask(app, questions)
            scanned = await scan_s(app, questions[0])
        return outcome_of(built, answered, scanned, folder)


def outcome_of(
    built: Sequence[Built], answered: Sequence[Answered], scanned: float, folder: Path
) -> Outcome:
    """The figures; `scanned` is seconds for one stored text without the index."""
    size = bytes_of(folder / _FILE)
    times = [one.seconds * 1000 for one in answered]
    total = built[-1].items
    p95 = percentile(times, 95)
    figures = [
        Figure(
            name=f"one text among {total:,} items, 95th percentile",
            value=p95,
            unit="ms",
            at_most=_LIMIT_MS,
            note="from the raw text to the compared answers",
        ),
        Figure(name="the same, median", value=percentile(times, 50), unit="ms"),
        Figure(
            name="linear scan, extrapolated ÷ the median",
            value=scanned * total * 1000 / percentile(times, 50),
        ),
        Figure(name="index in the ledger's file, per item", value=size / total, unit="bytes"),
        Figure(
            name=f"building, per item: {total:,} ÷ {built[0].items:,}",
            value=built[-1].each_us / built[0].each_us,
            at_most=_LINEAR,
        ),
        Figure(name="found of what had to be found", value=_recall(answered) * 100, unit="%"),
    ]
    return Outcome(
        title="One text among a million stored items",
        figures=figures,
        tables=[_kinds(answered), _sizes(built)],
    )


def _recall(answered: Sequence[Answered]) -> float:
    wanted = sum(len(one.asked.wanted) for one in answered)
    return sum(one.found for one in answered) / wanted if wanted else 1.0


def _kinds(answered: Sequence[Answered]) -> Table:
    rows = []
    for kind in sorted({one.asked.kind for one in answered}):
        some = [one for one in answered if one.asked.kind == kind]
        times = [one.seconds * 1000 for one in some]
        recall = f"{_recall(some):.1%}" if some[0].asked.wanted else "–"
        rows.append(
            (
                kind,
                str(len(some)),
                f"{percentile(times, 50):.1f}",
                f"{percentile(times, 95):.1f}",
                recall,
            )
        )
    return Table(
        title="By kind of text",
        headings=("kind", "asked", "p50 ms", "p95 ms", "found"),
        rows=rows,
        note="Found: the article it was made of is among the four answers; of three articles each.",
    )


def _sizes(built: Sequence[Built]) -> Table:
    rows = [
        (f"{one.items:,}", f"{one.sketching_s:.0f}", f"{one.writing_s:.0f}", f"{one.each_us:.0f}")
        for one in built
    ]
    return Table(
        title="Building the index",
        headings=("items", "sketching s", "writing s", "µs an item"),
        rows=rows,
    )
