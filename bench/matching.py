"""One item against all key items: how much more sixty key texts cost than one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from bench.figures import Figure, Outcome, median
from bot.domain.matching import Candidate, KeyText, Matcher, key_text

_MANY = 60
_RELEASED = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)


def _text(number: int, length: int = 600) -> str:
    return "".join(chr(0x4E00 + (number * 997 + place * 31) % 20000) for place in range(length))


def _keys(count: int) -> list[KeyText]:
    return [
        key_text(
            post=f"k{number}",
            title=f"题{number}",
            texts=[_text(number)],
            released_at=_RELEASED,
            deadline_at=_RELEASED + timedelta(days=1),
        )
        for number in range(count)
    ]


def seconds(key_texts: int, *, rounds: int = 50) -> float:
    """Median time to match one reprint against so many key texts."""
    matcher = Matcher(_keys(key_texts))
    candidate = Candidate(
        account="a", title="转载", text=_text(0), published_at=_RELEASED + timedelta(hours=1)
    )
    taken = []
    for _round in range(rounds):
        begin = time.perf_counter()
        found = matcher.match(candidate)
        taken.append(time.perf_counter() - begin)
        if not found:
            raise SystemExit("the copy was not recognised")
    return median(taken)


async def measure(runs: int) -> Outcome:
    """What a month's worth of key items costs each item that is read back."""
    few, many = [], []
    for _run in range(runs):
        few.append(seconds(1))
        many.append(seconds(_MANY))
    figure = Figure(name=f"{_MANY} key texts ÷ 1", value=median(many) / median(few))
    return Outcome(title="Matching one item against all key items", figures=[figure])
