"""What the matcher says of the corpus, counted kind by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

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
    forms: Counter[str] = field(default_factory=Counter)  # what was told automatically


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One pair with what the matcher says."""

    pair: Pair
    verdict: Verdict | None  # about the pair's key item
    strays: tuple[str, ...]  # key items it takes for reprinted besides, wrongly

    @property
    def decision(self) -> str:
        """The verdict's decision, "no" without a verdict."""
        return self.verdict.decision if self.verdict else "no"

    @property
    def false(self) -> bool:
        """Whether something is said to be reprinted that a person would not sign."""
        return bool(self.strays) or (
            self.decision == "reprinted" and self.pair.label != "reprinted"
        )


@cache
def judged(split: Split, seed: str = "1") -> tuple[Judged, ...]:
    """Every pair of one half with the matcher's verdict."""
    return tuple(_judge(pair, split) for pair in corpus(split, seed))


def _judge(pair: Pair, split: Split) -> Judged:
    verdicts = {v.post: v for v in matcher(split).match(pair.candidate)}
    said = {post for post, verdict in verdicts.items() if verdict.decision == "reprinted"}
    return Judged(
        pair=pair,
        verdict=verdicts.get(pair.key),
        strays=tuple(sorted(said - pair.also - {pair.key})),
    )


def counted(results: Iterable[Judged]) -> list[Count]:
    """The results by kind, in the order of the corpus."""
    counts: dict[str, Count] = {}
    for one in results:
        count = counts.setdefault(one.pair.kind, Count(kind=one.pair.kind, label=one.pair.label))
        count.pairs += 1
        count.doubtful += one.decision == "doubtful"
        count.strays += len(one.strays)
        if one.verdict is not None and one.decision == "reprinted":
            count.automatic += 1
            count.forms[one.verdict.form or "pointer or title"] += 1
    return list(counts.values())


def rates(results: Iterable[Judged]) -> tuple[float, float]:
    """Precision and recall of the automatic verdicts.

    Every verdict "reprinted" counts for precision, also those on pairs that are doubtful to people.
    """
    every = list(results)
    right = sum(one.pair.label == "reprinted" and one.decision == "reprinted" for one in every)
    wrong = sum(len(one.strays) for one in every)
    wrong += sum(one.pair.label != "reprinted" and one.decision == "reprinted" for one in every)
    wanted = sum(one.pair.label == "reprinted" for one in every)
    return right / (right + wrong), right / wanted
