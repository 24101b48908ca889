"""Did this account reprint that key item? Evidence in four levels, the last one for a person.

| level | evidence                                                              | decision  |
| A     | a pointer: 稿号, address or platform id of the first release           | reprinted |
| B     | it names the flagship as its source, has the title, not another text  | reprinted |
| C     | the key text itself: whole, cut or a piece that stands under its title | reprinted |
| D     | a piece without title or source, a title alone, or a guard that failed | doubtful  |

Compared are runs of five characters (grams) that are the key text's own: not those of three or
more of our texts, as notices from one template share 0.82 of all their grams, and not those that
another text of ours explains better. Containment bears headers, footers and round-ups, which
SimHash (8-17 bits away) and Jaccard (0.45) do not. Then the texts are laid side by side, and
`bot.domain.guards` looks at what stands in the place of something else. docs/matching.md has the
measured figures. A paraphrase is invisible here; it is no reprint either.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bot.domain import guards
from bot.domain import normalise as norm
from bot.domain.hits import (
    COMMON,
    CUT,
    FULL,
    MAX_TIMES,
    MIN_GRAMS,
    MIN_PIECE,
    SAME_TEXT,
    Form,
    Hit,
    Known,
    Standing,
    has_other_text,
    is_cut,
    is_piece,
    is_worth_a_look,
    may_be_it,
    rank,
    same_title,
    standing_of,
)
from bot.domain.keytext import KeyText, Version, key_text, known_text
from bot.domain.reading import Candidate, Reading
from bot.domain.titles import SAME_TITLE, Title, ratio

__all__ = ["Candidate", "KeyText", "Matcher", "Verdict", "Version", "key_text"]

RULE_VERSION = 2  # raise it with any change of a rule or a limit below

EARLY = timedelta(hours=1)
AFTER = timedelta(days=30)

Level = Literal["A", "B", "C", "D"]
Decision = Literal["reprinted", "doubtful", "no"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one item is to one key item; stored as it is, superseded but never changed."""

    post: str
    account: str
    level: Level | None  # None with decision "no"
    decision: Decision
    rule: str
    form: Form = ""
    rule_version: int = RULE_VERSION
    normal_version: int = norm.VERSION
    scores: Mapping[str, float] = field(default_factory=dict)
    source_ok: bool = False  # the reader is told where it comes from
    passages: tuple[str, ...] = ()  # the longest runs both texts share, normalised
    version: str = ""  # hash of the key text's version it carries, "" when no text tells
    outdated: bool = False  # that version has been corrected since
    text_hash: str = ""  # of the candidate's normalised text


class Matcher:
    """Finds key items in what accounts show. Made of all key texts at once, rebuilt with them.

    `unit_names` are full and short names of all units, `flagship_names` those of the flagship's
    accounts. `others` are the plain texts of our posts that are no key items: they show what is a
    template, and a copy of one of them is not taken for the key item it resembles. One candidate
    costs a few look-ups per gram, whatever the number of key texts.
    """

    def __init__(
        self,
        keys: Iterable[KeyText],
        *,
        unit_names: Iterable[str] = (),
        flagship_names: Iterable[str] = (),
        others: Iterable[str] = (),
    ) -> None:
        all_keys = list(keys)
        self._unit_names = _spoken(norm.bare_line(norm.fold(name)) for name in unit_names)
        self._flagship = frozenset(norm.fold(name) for name in flagship_names) - {""}
        self._index = _index(all_keys)
        self._titles = Counter(Title(key.title).plain for key in all_keys)
        rivals: dict[int, list[frozenset[str]]] = {}
        spread: Counter[str] = Counter()
        for number, grams in self._ours(all_keys, others):
            spread.update(grams & self._index.keys())
            counts = self._counts(grams).items()
            for alike in {n for (n, _), count in counts if n != number and count >= MIN_GRAMS}:
                rivals.setdefault(alike, []).append(grams)
        self._common = frozenset(gram for gram, count in spread.items() if count >= COMMON)
        self._known = [self._know(key, rivals.get(n, ())) for n, key in enumerate(all_keys)]

    def _ours(
        self, keys: Sequence[KeyText], others: Iterable[str]
    ) -> Iterator[tuple[int, frozenset[str]]]:
        """The grams of all our texts, those of key items with their numbers, others with -1."""
        for number, key in enumerate(keys):
            yield number, frozenset[str]().union(*(version.grams for version in key.versions))
        for text in others:
            grams = norm.grams(known_text(text))
            if not self._is_known(grams, keys):
                yield -1, grams

    def _is_known(self, grams: frozenset[str], keys: Sequence[KeyText]) -> bool:
        """Whether this is a key text once more; it would make all its words a template's."""
        return any(
            count >= SAME_TEXT * (len(grams) + len(keys[number].versions[edition].grams) - count)
            for (number, edition), count in self._counts(grams).items()
        )

    def _know(self, key: KeyText, rivals: Sequence[frozenset[str]]) -> Known:
        marker = rf"(?<![a-z0-9])(?<![a-z0-9]-){re.escape(key.marker)}(?![a-z0-9]|-[a-z0-9])"
        title = Title(key.title)
        return Known(
            key=key,
            title=title,
            title_grams=norm.grams(title.plain),
            marker=re.compile(marker) if key.marker else None,
            shares_title=self._titles[title.plain] > 1,
            own=tuple(version.grams - self._common for version in key.versions),
            rivals=tuple(rivals),
        )

    def match(self, candidate: Candidate) -> list[Verdict]:
        """One verdict per key item found in `candidate`; several for a round-up, often none.

        Only items from an hour before the first release to 30 days after the deadline are looked
        at. Those before the release get decision "no" with rule "before-release".
        """
        url = norm.canonical_url(candidate.url)
        at = candidate.published_at
        # An item at the address of a first release is that release itself.
        numbers = [
            n
            for n, known in enumerate(self._known)
            if url not in known.key.urls and _in_window(known.key, at)
        ]
        if not numbers:
            return []
        read = Reading(candidate)
        hits = self._hits(read)
        nothing = (Hit(self._known[n], read, 0, 0) for n in numbers)
        verdicts = (self._judge(hits.get(n, hit)) for n, hit in zip(numbers, nothing, strict=True))
        return [verdict for verdict in verdicts if verdict is not None]

    def _hits(self, read: Reading) -> dict[int, Hit]:
        """Per key text the version that has most in common; of equals the one in force."""
        best: dict[int, Hit] = {}
        for (number, edition), count in self._counts(read.grams).items():
            hit = Hit(self._known[number], read, edition, count)
            if number not in best or rank(hit) > rank(best[number]):
                best[number] = hit
        return best

    def _counts(self, grams: frozenset[str]) -> dict[tuple[int, int], int]:
        # A plain dict: Counter.update costs five times as much, and this runs for every gram.
        counts: dict[tuple[int, int], int] = {}
        for gram in grams & self._index.keys():
            for place in self._index[gram]:
                counts[place] = counts.get(place, 0) + 1
        return counts

    def _judge(self, hit: Hit) -> Verdict | None:
        known, read = hit.known, hit.read
        found = self._rule(hit)
        if found is None:
            return None
        level, rule = found
        early = read.item.published_at < known.key.released_at
        form = hit.form
        return Verdict(
            post=known.key.post,
            account=read.item.account,
            level=None if early else level,
            decision="no" if early else "doubtful" if level == "D" else "reprinted",
            rule="before-release" if early else rule,
            form=form,
            scores=_scores(hit, ratio(known.title.plain, read.title.plain)),
            source_ok=self._shows_source(known, read),
            passages=hit.alignment.passages if form else (),
            version=hit.version.hash if form else "",
            outdated=bool(form) and not hit.version.newest,
            text_hash=norm.text_hash(read.normal),
        )

    def _rule(self, hit: Hit) -> tuple[Level, str] | None:
        known, read = hit.known, hit.read
        standing = standing_of(hit)
        if pointer := _pointer(known, read):
            other = has_other_text(hit) or standing == "explained"
            return ("D", "pointer-other-text") if other and pointer != "repost" else ("A", pointer)
        if standing == "explained":
            return ("D", "guard-sibling") if hit.titled else None
        same = ratio(known.title.plain, read.title.plain) >= SAME_TITLE
        declared = same and self._names_flagship(read.said_source)
        by_text = self._text_rule(hit, standing)
        if by_text is not None and (by_text[0] == "C" or by_text[1].startswith("guard")):
            return by_text
        if declared and known.title.marks == read.title.marks and may_be_it(hit):
            return "B", "source-and-title"
        if by_text is not None:
            return by_text
        if declared:
            return "D", "source-and-title"
        return ("D", "title") if same_title(known, read) else None

    def _text_rule(self, hit: Hit, standing: Standing) -> tuple[Level, str] | None:
        if hit.shared < MIN_GRAMS // 2:
            return None
        known, rule = hit.known, self._extent(hit)
        if rule is None:
            return None
        level, name = rule
        if level == "D":
            return rule
        failed = self._failed_guard(hit)
        if not failed and standing == "ambiguous" and not (hit.titled and not known.shares_title):
            failed = "guard-sibling"
        return ("D", failed) if failed else ("C", name)

    def _extent(self, hit: Hit) -> tuple[Level, str] | None:
        """How much of the key text is there, and whether that settles it."""
        if len(hit.own) < MIN_GRAMS:
            return self._short(hit)
        if hit.c >= FULL:
            return "C", "contained"
        sourced = self._names_flagship(hit.read.said_source)
        if hit.c >= CUT and not hit.version.caption:
            return ("C" if is_cut(hit, sourced=sourced) else "D"), "cut"
        if len(hit.carried) >= MIN_PIECE and is_piece(hit, sourced=sourced):
            return "C", "excerpt"
        return ("D", "excerpt") if is_worth_a_look(hit) else None

    def _short(self, hit: Hit) -> tuple[Level, str] | None:
        """A key text with too few own grams: only a copy of every word under its title counts."""
        if hit.c_all < FULL or (hit.own and hit.c < CUT):
            return None
        long = len(hit.version.grams) >= 2 * MIN_GRAMS
        signed = long or hit.titled or self._names_flagship(hit.read.said_source)
        if hit.identical and hit.shared >= MIN_GRAMS // 2 and signed:
            return "C", "contained"
        return "D", "few-own-words"

    def _failed_guard(self, hit: Hit) -> str:
        size = len(hit.read.grams)
        if size > MAX_TIMES * len(hit.version.grams) and not hit.under_title:
            return "guard-length"
        if hit.known.title.is_rival(hit.read.title):
            return "guard-title"
        if guards.numbers_differ(hit.alignment):
            return "guard-numbers"
        if guards.subjects_differ(hit.alignment):
            return "guard-subject"
        if guards.places_differ(hit.alignment):
            return "guard-place"
        allowed = frozenset(
            norm.bare_line(norm.fold(name)) for name in hit.read.item.own_unit_names
        )
        if guards.names_differ(hit.alignment, self._unit_names, allowed):
            return "guard-names"
        return "guard-rewritten" if hit.alignment.changed > guards.REWRITTEN else ""

    def _shows_source(self, known: Known, read: Reading) -> bool:
        if read.item.repost_of in known.key.platform_ids:
            return True  # the platform shows the original with it
        if _has_marker(known, read.folded):
            return True
        if self._names_flagship(read.said_source):
            return True
        # A name that stands in the key text itself says nothing about the source.
        newest = known.key.newest
        return any(norm.bare_line(name) not in newest for name in read.names(self._flagship))

    def _names_flagship(self, folded: str) -> bool:
        return any(name in folded for name in self._flagship)


def _index(keys: Sequence[KeyText]) -> dict[str, list[tuple[int, int]]]:
    index: dict[str, list[tuple[int, int]]] = {}
    for number, key in enumerate(keys):
        for edition, version in enumerate(key.versions):
            for gram in version.grams:
                index.setdefault(gram, []).append((number, edition))
    return index


def _spoken(names: Iterable[str]) -> frozenset[str]:
    """Folded names, also without the place many begin with: 区一院 for 澜汀区一院."""
    full = {name for name in names if name}
    places = Counter(name[: name.find("区")] for name in full)
    short = {
        name.removeprefix(place)
        for place, count in places.items()
        for name in full
        if place and count >= COMMON and name.startswith(place)
    }
    return frozenset(full | short)


def _scores(hit: Hit, title: float) -> dict[str, float]:
    """What a person may want to see beside a verdict; all but the title between 0 and 1."""
    if not hit.shared:
        return {"c": 0.0, "c_all": 0.0, "e": 0.0, "title": title}
    changed = hit.alignment.changed if hit.form else 0.0
    return {"c": hit.c, "c_all": hit.c_all, "e": hit.e, "title": title, "changed": changed}


def _in_window(key: KeyText, at: datetime) -> bool:
    return key.released_at - EARLY <= at <= key.deadline_at + AFTER


def _pointer(known: Known, read: Reading) -> str:
    if _has_marker(known, read.signs):
        return "marker"
    if read.item.repost_of and read.item.repost_of in known.key.platform_ids:
        return "repost"
    return "link" if read.links & known.key.urls else ""


def _has_marker(known: Known, text: str) -> bool:
    # The plain search is far cheaper, and nearly always enough.
    if known.marker is None or known.key.marker not in text:
        return False
    return known.marker.search(text) is not None
