"""Did this account reprint that key item? Evidence in four levels, the lower ones for a person.

| level | evidence                                                            | decision  |
| A     | a pointer: 稿号, address or platform id of the first release         | reprinted |
| B     | it names the flagship as its source, has the title, not another text | reprinted |
| C     | c = share of the key text's own 5-grams found in it >= 0.80, guards  | reprinted |
| D     | cut, excerpt, same title, or a guard that failed                     | doubtful  |

Own grams are those in fewer than three key texts: notices written from one template share 0.82
of all grams, of the own ones 0.03. Containment bears headers, footers and round-ups, which
SimHash (8-17 bits away) and Jaccard (0.45) do not. A paraphrase is invisible here; it is no
reprint either. Nothing is matched that was out before the first release: it may be the source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from bot.domain import normalise as norm
from bot.domain.passages import common_passages
from bot.domain.titles import SAME_TITLE, marks, plain_title, ratio, title_of, without_prefix

RULE_VERSION = 1  # raise it with any change of a rule or a limit below

FULL = 0.80  # c from which a copy is taken for complete
CUT = 0.50  # c from which a person is asked
EXCERPT = 0.80  # e from which a text is taken for a piece of the key text
MIN_GRAMS = 30  # fewer own grams decide nothing
COMMON = 3  # a gram in this many key texts belongs to the template, not to the text
MAX_TIMES = 20  # a candidate this many times longer is a collection, not a reprint
HEAD = 0.30  # the part of the key text whose numbers must come along
EARLY = timedelta(hours=1)
AFTER = timedelta(days=30)

Level = Literal["A", "B", "C", "D"]
Decision = Literal["reprinted", "doubtful", "no"]

_SOURCE = re.compile(r"(?:来源|转载自|转自|稿源|出处|来自|原载)[^\n]{0,40}")


@dataclass(frozen=True, kw_only=True)
class Version:
    """One state of a key text; corrections make a new one."""

    hash: str  # of the normalised text
    text: str  # normalised
    grams: frozenset[str]
    head_numbers: frozenset[str]  # dates, phones and amounts of its first part


@dataclass(frozen=True, kw_only=True)
class KeyText:
    """A released key item, ready to be looked for. `key_text` makes one."""

    post: str
    title: str
    marker: str  # 稿号; "" when it has none
    urls: frozenset[str]  # canonical links of the first release, older versions included
    platform_ids: frozenset[str]
    released_at: datetime
    deadline_at: datetime
    versions: tuple[Version, ...]  # oldest first, the last one is in force
    head: str  # folded title and first part, where unit names are looked for


def key_text(
    *,
    post: str,
    title: str,
    texts: Sequence[str],
    released_at: datetime,
    deadline_at: datetime,
    marker: str = "",
    urls: Iterable[str] = (),
    platform_ids: Iterable[str] = (),
) -> KeyText:
    """A key item from its plain texts, oldest version first (Markdown: `bot.domain.plain`)."""
    last = norm.fold(texts[-1]) if texts else ""
    return KeyText(
        post=post,
        title=title,
        marker=norm.fold(marker),
        urls=frozenset(norm.canonical_url(url) for url in urls) - {""},
        platform_ids=frozenset(platform_ids) - {""},
        released_at=released_at,
        deadline_at=deadline_at,
        versions=tuple(_version(text) for text in texts),
        head=norm.fold(title) + "\n" + last[: int(len(last) * HEAD)],
    )


def _version(text: str) -> Version:
    normal = norm.normalise(text)
    return Version(
        hash=norm.text_hash(normal),
        text=normal,
        grams=norm.grams(normal),
        head_numbers=norm.numbers(text, HEAD),
    )


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Something an account shows. Short links must be expanded into `source_url` before."""

    account: str
    title: str
    text: str  # plain; "" when the platform gives none
    published_at: datetime
    url: str = ""
    source_url: str = ""  # 原文链接, or what the item points at
    repost_of: str = ""  # platform id of the root original
    own_unit_names: frozenset[str] = frozenset()  # may stand where the key text names a unit


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one item is to one key item; stored as it is, superseded but never changed."""

    post: str
    account: str
    level: Level | None  # None with decision "no"
    decision: Decision
    rule: str
    rule_version: int = RULE_VERSION
    normal_version: int = norm.VERSION
    scores: Mapping[str, float] = field(default_factory=dict)
    source_ok: bool = False  # the reader is told where it comes from
    passages: tuple[str, ...] = ()  # the longest runs both texts share, normalised
    version: str = ""  # hash of the key text's version it carries, "" when no text tells
    outdated: bool = False  # that version has been corrected since
    excerpt: bool = False  # only a piece of the key text; policy decides whether it counts
    text_hash: str = ""  # of the candidate's normalised text


@dataclass(frozen=True)
class _Read:
    """A candidate with everything that is worked out of it, each at most once."""

    item: Candidate

    @cached_property
    def folded(self) -> str:
        return norm.fold(f"{self.item.title}\n{self.item.text}")

    @cached_property
    def normal(self) -> str:
        return norm.normalise(self.item.text)

    @cached_property
    def grams(self) -> frozenset[str]:
        return norm.grams(self.normal)

    @cached_property
    def numbers(self) -> frozenset[str]:
        return norm.numbers(f"{self.item.title}\n{self.item.text}")

    @cached_property
    def title(self) -> str:
        return title_of(self.item.title, self.item.text)

    @cached_property
    def plain_title(self) -> str:
        return plain_title(self.title)

    @cached_property
    def links(self) -> frozenset[str]:
        found = [self.item.source_url, *norm.URL.findall(self.item.text)]
        return frozenset(norm.canonical_url(url.rstrip(".,;:!?)'\"")) for url in found) - {""}

    @cached_property
    def said_source(self) -> str:
        return "\n".join(_SOURCE.findall(self.folded))


@dataclass(frozen=True)
class _Known:
    """A key text with what is the same for every candidate."""

    key: KeyText
    plain_title: str
    marker: re.Pattern[str] | None
    own: tuple[int, ...]  # per version: how many of its grams are its own
    names: frozenset[str]  # unit names in title and lead


@dataclass(frozen=True)
class _Score:
    """How a candidate's text stands to the best version of a key text."""

    version: Version | None = None
    own: int = 0  # |K|: own grams of the version
    shared_own: int = 0  # |K ∩ X|
    shared: int = 0  # |K_all ∩ X|
    size: int = 0  # |X|

    @property
    def c(self) -> float:
        return self.shared_own / self.own if self.own else 0.0

    @property
    def c_all(self) -> float:
        size = len(self.version.grams) if self.version else 0
        return self.shared / size if size else 0.0

    @property
    def e(self) -> float:
        return self.shared / self.size if self.size else 0.0


class Matcher:
    """Finds key items in what accounts show. Made of all key texts at once, rebuilt with them.

    `unit_names` are full and short names of all units, `flagship_names` those of the flagship's
    accounts. One candidate costs a few look-ups per gram, whatever the number of key texts.
    """

    def __init__(
        self,
        keys: Iterable[KeyText],
        *,
        unit_names: Iterable[str] = (),
        flagship_names: Iterable[str] = (),
    ) -> None:
        all_keys = list(keys)
        self._unit_names = frozenset(norm.fold(name) for name in unit_names) - {""}
        self._flagship = frozenset(norm.fold(name) for name in flagship_names) - {""}
        spread = Counter(gram for key in all_keys for gram in _all_grams(key))
        self._index: dict[str, list[tuple[int, int]]] = {}
        self._common = frozenset(gram for gram, count in spread.items() if count >= COMMON)
        for number, key in enumerate(all_keys):
            for edition, version in enumerate(key.versions):
                for gram in version.grams:
                    self._index.setdefault(gram, []).append((number, edition))
        self._known = [self._know(key) for key in all_keys]

    def _know(self, key: KeyText) -> _Known:
        marker = rf"(?<![a-z0-9])(?<![a-z0-9]-){re.escape(key.marker)}(?![a-z0-9]|-[a-z0-9])"
        return _Known(
            key=key,
            plain_title=plain_title(key.title),
            marker=re.compile(marker) if key.marker else None,
            own=tuple(len(version.grams - self._common) for version in key.versions),
            names=self._names_in(key.head),
        )

    def _names_in(self, folded: str) -> frozenset[str]:
        return frozenset(name for name in self._unit_names if name in folded)

    def match(self, candidate: Candidate) -> list[Verdict]:
        """One verdict per key item found in `candidate`; several for a round-up, often none.

        Only items from an hour before the first release to 30 days after the deadline are looked
        at. Those before the release get decision "no" with rule "before-release".
        """
        numbers = [n for n, known in enumerate(self._known) if _in_window(known.key, candidate)]
        if not numbers:
            return []
        read = _Read(candidate)
        scores = self._scores(read)
        verdicts = (self._judge(self._known[n], read, scores.get(n, _Score())) for n in numbers)
        return [verdict for verdict in verdicts if verdict is not None]

    def _scores(self, read: _Read) -> dict[int, _Score]:
        # Plain dicts: Counter.update costs five times as much, and this runs for every gram.
        shared: dict[tuple[int, int], int] = {}
        own: dict[tuple[int, int], int] = {}
        for gram in read.grams & self._index.keys():
            counts = gram not in self._common
            for place in self._index[gram]:
                shared[place] = shared.get(place, 0) + 1
                own[place] = own.get(place, 0) + counts
        best: dict[int, _Score] = {}
        for (number, edition), count in shared.items():
            known = self._known[number]
            score = _Score(
                version=known.key.versions[edition],
                own=known.own[edition],
                shared_own=own[number, edition],
                shared=count,
                size=len(read.grams),
            )
            best[number] = max(best.get(number, _Score()), score, key=lambda s: _rank(known, s))
        return best

    def _judge(self, known: _Known, read: _Read, score: _Score) -> Verdict | None:
        title = ratio(known.plain_title, read.plain_title)
        found = self._rule(known, read, score, title)
        if found is None:
            return None
        level, rule = found
        early = read.item.published_at < known.key.released_at
        version = score.version if max(score.c, score.e) >= CUT else None
        return Verdict(
            post=known.key.post,
            account=read.item.account,
            level=None if early else level,
            decision="no" if early else "doubtful" if level == "D" else "reprinted",
            rule="before-release" if early else rule,
            scores={"c": score.c, "c_all": score.c_all, "e": score.e, "title": title},
            source_ok=self._shows_source(known, read),
            passages=common_passages(version.text, read.normal) if version else (),
            version=version.hash if version else "",
            outdated=version is not None and version.hash != known.key.versions[-1].hash,
            excerpt=_is_excerpt(score),
            text_hash=norm.text_hash(read.normal),
        )

    def _rule(
        self, known: _Known, read: _Read, score: _Score, title: float
    ) -> tuple[Level, str] | None:
        if pointer := _pointer(known, read):
            return "A", pointer
        same = title >= SAME_TITLE
        declared = same and self._names_flagship(read.said_source)
        alike = marks(known.key.title) == marks(read.title)
        if declared and alike and not _is_other_text(known, read, score):
            return "B", "source-and-title"
        if (by_text := self._text_rule(known, read, score)) is not None:
            return by_text
        if declared:
            return "D", "source-and-title"
        if same and _bare_marks(known.key.title) == _bare_marks(read.title):
            return "D", "title"
        return None

    def _text_rule(self, known: _Known, read: _Read, score: _Score) -> tuple[Level, str] | None:
        if score.version is None:
            return None
        if score.own < MIN_GRAMS:  # the template is all there is to compare
            alike = score.c_all >= FULL and (score.own == 0 or score.c >= CUT)
            return ("D", "few-own-words") if alike else None
        if score.c >= FULL:
            failed = self._failed_guard(known, read, score, score.version)
            return ("D", failed) if failed else ("C", "contained")
        if score.c >= CUT:
            return "D", "cut"
        return ("D", "excerpt") if _is_excerpt(score) else None

    def _failed_guard(self, known: _Known, read: _Read, score: _Score, version: Version) -> str:
        """The first guard that forbids an automatic C, "" when all hold."""
        if score.size > MAX_TIMES * score.own:
            return "guard-length"
        if not version.head_numbers <= read.numbers:
            return "guard-numbers"
        return "" if self._names_kept(known, read) else "guard-names"

    def _names_kept(self, known: _Known, read: _Read) -> bool:
        # A unit may put its own name where the key text names one, nobody else's.
        present = self._names_in(read.folded)
        if known.names <= present:
            return True
        own = frozenset(norm.fold(name) for name in read.item.own_unit_names)
        return bool(own & present) and present <= known.names | own | self._flagship

    def _shows_source(self, known: _Known, read: _Read) -> bool:
        if read.item.repost_of in known.key.platform_ids:
            return True  # the platform shows the original with it
        if known.marker is not None and known.marker.search(read.folded):
            return True
        if self._names_flagship(read.said_source):
            return True
        # A name that stands in the key text itself says nothing about the source.
        newest = known.key.versions[-1].text if known.key.versions else ""
        return any(name in read.folded for name in self._flagship if name not in newest)

    def _names_flagship(self, folded: str) -> bool:
        return any(name in folded for name in self._flagship)


def _all_grams(key: KeyText) -> frozenset[str]:
    return frozenset[str]().union(*(version.grams for version in key.versions))


def _rank(known: _Known, score: _Score) -> tuple[float, float, int]:
    """The version that matches best; of equals the newest."""
    newer = known.key.versions.index(score.version) if score.version else -1
    return (score.c, score.c_all, newer)


def _in_window(key: KeyText, candidate: Candidate) -> bool:
    if key.released_at - EARLY <= candidate.published_at <= key.deadline_at + AFTER:
        url = norm.canonical_url(candidate.url)
        return url not in key.urls  # else it is the first release itself
    return False


def _pointer(known: _Known, read: _Read) -> str:
    item = read.item
    if known.marker is not None and known.marker.search(
        f"{read.folded}\n{norm.fold(item.source_url)}"
    ):
        return "marker"
    if item.repost_of and item.repost_of in known.key.platform_ids:
        return "repost"
    return "link" if read.links & known.key.urls else ""


def _bare_marks(title: str) -> frozenset[str]:
    return marks(without_prefix(title))


def _is_excerpt(score: _Score) -> bool:
    return score.e >= EXCERPT and score.shared_own >= MIN_GRAMS and score.c < CUT


def _is_other_text(known: _Known, read: _Read, score: _Score) -> bool:
    """A text as long as the key text that is not it: last year's article, the next notice."""
    size = min((len(version.grams) for version in known.key.versions), default=0)
    if len(read.grams) < max(MIN_GRAMS, size / 2):
        return False
    if score.version is None or score.c_all < CUT:
        return True
    return not score.version.head_numbers <= read.numbers
