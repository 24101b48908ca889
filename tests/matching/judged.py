"""What the matcher and simpler methods say of the corpus, counted kind by kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.matching import Verdict
from tests.matching.corpus import Pair, corpus, matcher
from tests.matching.texts import Split


@dataclass(kw_only=True)
class Count:
    """How one kind of pairs came out."""

    kind: str
    label: str
    pairs: int = 0
    automatic: int = 0  # "reprinted" for the pair's key item
    doubtful: int = 0
    strays: int = 0  # "reprinted" for a key item the candidate does not carry


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One pair with what the matcher says."""

    pair: Pair
    verdict: Verdict | None  # about the pair's key item
    strays: tuple[str, ...]  # key items it takes for reprinted besides, wrongly


def judged(split: Split) -> list[Judged]:
    """Every pair of one half with the matcher's verdict."""
    found = []
    for pair in corpus(split):
        verdicts = {v.post: v for v in matcher(split).match(pair.candidate)}
        wrong = (
            post
            for post, verdict in verdicts.items()
            if verdict.decision == "reprinted" and post not in pair.also | {pair.key}
        )
        found.append(Judged(pair=pair, verdict=verdicts.get(pair.key), strays=tuple(wrong)))
    return found


def counted(results: Iterable[Judged]) -> list[Count]:
    """The results by kind, in the order of the corpus."""
    counts: dict[str, Count] = {}
    for one in results:
        count = counts.setdefault(one.pair.kind, Count(kind=one.pair.kind, label=one.pair.label))
        decision = one.verdict.decision if one.verdict else "no"
        count.pairs += 1
        count.automatic += decision == "reprinted"
        count.doubtful += decision == "doubtful"
        count.strays += len(one.strays)
    return list(counts.values())
