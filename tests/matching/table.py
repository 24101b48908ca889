"""The tables of docs/matching.md, made from the held-out half of the corpus.

`python -m tests.matching.table --write` makes both, in about two minutes: the simpler methods are
slow. What came out for them is kept in methods.json, so that the test asks the matcher alone.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bot.domain.normalise import text_hash
from tests.matching.baselines import (
    TEXT_METHODS,
    Tried,
    best_limit,
    by_title,
    rates,
    safe_limit,
    scored,
)
from tests.matching.corpus import corpus
from tests.matching.judged import Count, counted, judged
from tests.matching.judged import rates as judged_rates
from tests.matching.texts import SPLITS

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs" / "matching.md"
KEPT = Path(__file__).with_name("methods.json")
_HEADS = ("kind", "pairs", "automatic", "for a person", "false", "told as")
_PARTS = (
    ("reprinted", "A person signs: reprinted"),
    ("doubtful", "People differ"),
    ("other", "A person signs: not reprinted"),
)


def kinds() -> str:
    """The matcher's figures by kind of edit, on the held-out half."""
    counts = counted(judged("test"))
    rows: list[tuple[str, ...]] = [_HEADS, tuple("---" for _head in _HEADS)]
    for label, words in _PARTS:
        some = [count for count in counts if count.label == label]
        rows.append((f"**{words}**", *_sum(some)))
        rows += [_row(count) for count in some]
    return _markdown(rows)


def _sum(counts: Sequence[Count]) -> tuple[str, ...]:
    pairs = sum(count.pairs for count in counts)
    automatic = sum(count.automatic for count in counts)
    doubtful = sum(count.doubtful for count in counts)
    false = sum(_false(count) for count in counts)
    return (*(f"**{figure}**" for figure in (pairs, automatic, doubtful, false)), "")


def _row(count: Count) -> tuple[str, ...]:
    forms = ", ".join(f"{form} {n}" for form, n in sorted(count.forms.items()))
    figures = (count.pairs, count.automatic, count.doubtful, _false(count))
    return (count.kind, *map(str, figures), forms)


def _false(count: Count) -> int:
    return count.strays + (0 if count.label == "reprinted" else count.automatic)


def methods(tried: Sequence[Tried]) -> str:
    """The simpler methods beside the matcher."""
    rows: list[tuple[str, ...]] = [("method", "limit", "precision", "recall")]
    rows.append(tuple("---" for _head in rows[0]))
    rows += [
        (one.method, f"{one.limit:.0f}", f"{one.precision:.3f}", f"{one.recall:.3f}")
        for one in tried
    ]
    precision, recall = judged_rates(judged("test"))
    rows.append(("**this matcher**", "", f"**{precision:.3f}**", f"**{recall:.3f}**"))
    return _markdown(rows)


def _markdown(rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def try_methods() -> list[Tried]:
    """Each simpler method: its limits from the dev half, its figures from the other one."""
    found = [_tried("same title", by_title("test"), 1)]
    for name, likeness in TEXT_METHODS.items():
        dev, test = scored("dev", likeness), scored("test", likeness)
        found.append(_tried(f"{name}, best F1", test, best_limit(dev)))
        found.append(_tried(f"{name}, nothing false", test, safe_limit(dev)))
    simhash = scored("test", TEXT_METHODS["SimHash 64"])
    found.append(_tried("SimHash 64, Hamming ≤ 3", simhash, 64 - 3))
    return found


def _tried(method: str, scores: Sequence[tuple[float, bool]], limit: float) -> Tried:
    precision, recall = rates(scores, limit)
    return Tried(method=method, limit=limit, precision=precision, recall=recall)


def fingerprint() -> str:
    """Another one for any change of the corpus."""
    pairs = (f"{pair!r}" for split in SPLITS for pair in corpus(split))
    return text_hash("".join(text_hash(_ordered(pair)) for pair in pairs))


def _ordered(shown: str) -> str:
    """A pair as written, the members of its sets in one order: repr's differs per process."""
    return re.sub(r"frozenset\(\{([^}]*)\}\)", lambda m: ",".join(sorted(m[1].split(", "))), shown)


def kept() -> tuple[str, list[Tried]]:
    """The corpus the simpler methods were tried on, and what came out."""
    stored = json.loads(KEPT.read_text(encoding="utf-8"))
    return stored["corpus"], [Tried(**one) for one in stored["methods"]]


def keep(tried: Sequence[Tried]) -> None:
    """Keeps what came out for the corpus as it is."""
    stored = {"corpus": fingerprint(), "methods": [asdict(one) for one in tried]}
    KEPT.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def with_tables(text: str, tried: Sequence[Tried]) -> str:
    """`text` with both tables between their marks."""
    for name, table in (("kinds", kinds()), ("methods", methods(tried))):
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        inside = re.compile(f"{begin}.*?{end}", re.DOTALL)
        if len(inside.findall(text)) != 1:
            raise ValueError(f"the page must have {begin} … {end} once")
        before, after = inside.split(text)
        text = f"{before}{begin}\n\n{table}\n\n{end}{after}"
    return text


def further(seeds: Sequence[str]) -> str:
    """Other throws of the dice: per half and label how many pairs, and how many automatic."""
    rows: list[tuple[str, ...]] = [("half", "label", "pairs", "automatic"), ("---",) * 4]
    for split in SPLITS:
        results = [one for seed in seeds for one in judged(split, seed)]
        for label, _words in _PARTS:
            some = [one for one in results if one.pair.label == label]
            automatic = sum(one.decision == "reprinted" for one in some)
            strays = sum(len(one.strays) for one in some)
            rows.append((split, label, str(len(some)), f"{automatic} + {strays} strays"))
    return _markdown(rows)


def main() -> int:
    """Prints both tables, or writes them."""
    parser = argparse.ArgumentParser(prog="python -m tests.matching.table")
    parser.add_argument("--write", action="store_true", help="put them into docs/matching.md")
    parser.add_argument("--seeds", nargs="+", default=[], help="count other throws of the dice")
    given = parser.parse_args()
    if given.seeds:
        print(further(given.seeds))
    elif given.write:
        if kept()[0] != fingerprint():
            keep(try_methods())
        DOC.write_text(with_tables(DOC.read_text("utf-8"), kept()[1]), encoding="utf-8")
    else:
        print(kinds(), methods(kept()[1]), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
