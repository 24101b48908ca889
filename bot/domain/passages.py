"""Evidence a person can read: the longest runs of characters two texts share."""

from __future__ import annotations

from functools import lru_cache

COUNT = 3
SHORTEST = 8  # characters; shorter runs are chance
SHOWN = 120  # characters of a run that are kept


def common_passages(key: str, other: str) -> tuple[str, ...]:
    """Up to three longest runs of `key` found in `other`, longest first, long ones cut with "…".

    Both texts are normalised. Runs do not overlap in `other`.
    """
    places = _places(key)
    runs: set[str] = set()
    at = 0
    while at <= len(other) - SHORTEST:
        starts = places.get(other[at : at + SHORTEST])
        if starts is None:
            at += 1
            continue
        length = max(_alike(key, start, other, at) for start in starts)
        runs.add(other[at : at + length])
        at += length
    best = sorted(runs, key=lambda run: (-len(run), run))[:COUNT]
    return tuple(run if len(run) <= SHOWN else run[:SHOWN] + "…" for run in best)


@lru_cache(maxsize=128)
def _places(key: str) -> dict[str, list[int]]:
    """Where each run of `SHORTEST` characters begins; kept, as one key text meets many others."""
    places: dict[str, list[int]] = {}
    for start in range(len(key) - SHORTEST + 1):
        places.setdefault(key[start : start + SHORTEST], []).append(start)
    return places


def _alike(key: str, start: int, other: str, at: int) -> int:
    length = SHORTEST
    limit = min(len(key) - start, len(other) - at)
    while length < limit and key[start + length] == other[at + length]:
        length += 1
    return length
