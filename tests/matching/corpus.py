"""The labelled corpus: what accounts show, and what a person would sign about it.

`corpus(split)` gives the same pairs everywhere. How the labels were set is told in
docs/matching.md: a label says what a person would decide who knows how the item came about, not
what the matcher says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

from bot.domain.matching import Candidate, KeyText, Matcher, key_text
from tests.matching import edits
from tests.matching.dice import Dice
from tests.matching.texts import Library, Split, Text, library, notice_fields

Label = Literal["reprinted", "doubtful", "other"]
RELEASED = datetime(2026, 5, 20, 2, tzinfo=UTC)
DEADLINE = RELEASED + timedelta(hours=24)
UNITS = (
    *("澜汀区第一人民医院", "区一院", "澜汀区第二人民医院", "区二院", "澜汀区中医医院", "区中医院"),
    *("澜汀区妇幼保健院", "区妇保院", "澜汀区疾病预防控制中心", "区疾控中心", "澜汀区肺科医院"),
    *("澜汀区急救中心", "澜汀区眼牙病防治所", "石桥埠社区卫生服务中心", "柳湾社区卫生服务中心"),
    *("东塘社区卫生服务中心", "南渡社区卫生服务中心", "云埠社区卫生服务中心"),
    *("梨溪社区卫生服务中心", "澜汀区卫生健康委员会", "区卫健委", "区献血服务中心"),
)
_KNOWN_DAY = 1  # last year's article on this health day is still in the ledger
FLAGSHIP = ("健康澜汀",)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A key item and something an account shows, with the right answer."""

    kind: str
    key: str
    candidate: Candidate
    label: Label
    also: frozenset[str] = frozenset()  # other key items the candidate carries as well
    outdated: bool = False  # it carries the text before its correction


@dataclass(frozen=True)
class Maker:
    """Makes pairs of one half of the corpus, kind by kind."""

    lib: Library
    dice: Dice

    def item(
        self, title: str, text: str, *, after: timedelta = timedelta(hours=3), **more: str
    ) -> Candidate:
        """What a unit's account shows."""
        return Candidate(
            account="u16-wechat",
            title=title,
            text=text,
            published_at=RELEASED + after,
            url="https://mp.weixin.qq.com/s/one-of-a-unit",
            own_unit_names=frozenset({self.unit()}),
            **more,
        )

    def unit(self) -> str:
        """The name of the unit that reprints."""
        return str(self.lib.phrases["units"][0])

    def titled(self, key: Text) -> str:
        """The key item's title, now and then under a column's name."""
        form = self.dice.one(("{}", "{}", "【健康科普】{}", "转载｜{}", "{}！"))
        return form.format(key.title)

    def own_title(self, key: Text) -> str:
        """Another title."""
        return edits.retitled(key, self.dice, self.lib)

    def any_title(self, key: Text) -> str:
        """The title, or another one."""
        return self.titled(key) if self.dice.happens(0.5) else self.own_title(key)

    def articles(self) -> list[Text]:
        """Articles among the key items, of some length."""
        return [key for key in self.lib.keys if len(key.body) > 150]

    def filler(self, count: int) -> list[str]:
        """Other articles, none of them ours to look for."""
        posts = [post.body for post in self.lib.others if post.id.startswith("0")]
        return self.dice.some([*self.lib.phrases["fillers"], *posts], count)


Make = Callable[[Maker, Text], Candidate | None]


def _edit(change: Callable[[Maker, Text], str]) -> Make:
    return lambda m, key: m.item(m.any_title(key), change(m, key))


def _lead(m: Maker, key: Text) -> Candidate:
    text = edits.lead(key.body, m.dice.number(100, 220))
    title = m.titled(key) if m.dice.happens(0.6) else m.own_title(key)
    return m.item(title, edits.with_source(text, m.dice))


def _weibo(m: Maker, key: Text) -> Candidate | None:
    if len(key.title) > 30:
        return None
    text = edits.weibo(key, m.dice)
    link = _link(key.id) if m.dice.happens(0.3) else ""
    return m.item("", text, source_url=link)


def _caption(m: Maker, key: Text) -> Candidate | None:
    if not key.caption:
        return None
    tags = m.dice.one(("", " #健康科普 #澜汀", "\n#医生说 @健康澜汀", " [爱心] #涨知识"))
    return m.item(m.dice.one(("", key.title)), f"{key.caption}{tags}")


def _pointer(m: Maker, key: Text) -> Candidate:
    how = m.dice.number(0, 3)
    if how == 0:
        return m.item("图解", f"（长图）\n转载｜来源：健康澜汀｜稿号 {_marker(key.id)}")
    if how == 1:
        return m.item("转发微博", "转发微博", repost_of=f"id-{key.id}")
    if how == 2:
        return m.item("视频", "", source_url=_link(key.id) + "&chksm=99aa&scene=27")
    return m.item("", f"大家看看这一篇{_link(key.id)}，写得真好")


def _picture(m: Maker, key: Text) -> Candidate:
    return m.item(m.titled(key), m.dice.one(("（长图）\n", "")) + m.dice.one(edits.SOURCES))


def _mixed(m: Maker, key: Text) -> Candidate:
    text = edits.shortened(key.body, 0.7, m.dice) if m.dice.happens(0.4) else key.body
    steps: list[Callable[[str], str]] = [
        lambda t: edits.edited(t, m.dice, m.lib, m.unit()),
        lambda t: edits.introduced(t, m.dice, m.lib),
        lambda t: edits.with_source(t, m.dice),
        lambda t: edits.retyped(t, m.dice),
        lambda t: edits.framed(t, m.dice, m.lib),
        lambda t: edits.traditional(t, m.dice),
        lambda t: edits.misspelt(t, m.dice),
    ]
    chosen = sorted(m.dice.some(range(len(steps)), 3))
    for number in chosen:
        text = steps[number](text)
    return m.item(m.titled(key), text)


def _cut(m: Maker, key: Text, share: float) -> str:
    text = edits.shortened(key.body, share, m.dice)
    return edits.with_source(text, m.dice) if m.dice.happens(0.5) else text


def _fresh_start(m: Maker, key: Text) -> Candidate | None:
    """Its first paragraph in the unit's own words, the rest as it is."""
    if len(key.paragraphs) < 4 or len(key.paragraphs[0]) > 0.25 * len(key.body):
        return None
    return m.item(
        m.any_title(key), "\n".join([m.dice.one(m.lib.phrases["intros"]), *key.paragraphs[1:]])
    )


COPIES: dict[str, Make] = {
    "exact copy": _edit(lambda m, key: key.body),
    "traditional characters": lambda m, key: m.item(
        edits.traditional(key.title, m.dice), edits.traditional(key.body, m.dice)
    ),
    "header, footer, credits": _edit(lambda m, key: edits.framed(key.body, m.dice, m.lib)),
    "own intro and outro": _edit(lambda m, key: edits.introduced(key.body, m.dice, m.lib)),
    "own first paragraph": _fresh_start,
    "light edit": _edit(lambda m, key: edits.edited(key.body, m.dice, m.lib, m.unit())),
    "slips of the keys": _edit(lambda m, key: edits.misspelt(key.body, m.dice)),
    "other title": lambda m, key: m.item(m.own_title(key), key.body),
    "paragraphs moved": _edit(lambda m, key: edits.rotated(key.body, m.dice)),
    "set on cards": _edit(lambda m, key: edits.on_cards(key.body, m.dice)),
    "cut to 70 %": _edit(lambda m, key: _cut(m, key, 0.7)),
    "cut to 50 %": _edit(lambda m, key: _cut(m, key, 0.5)),
    "lead with source": _lead,
    "Weibo, 140 characters": _weibo,
    "its short form as caption": _caption,
    "punctuation, blanks, emoji": _edit(lambda m, key: edits.retyped(key.body, m.dice)),
    "leftovers of HTML": _edit(lambda m, key: edits.as_html(key.body, m.dice)),
    "numbers written otherwise": _edit(lambda m, key: edits.renumbered(key.body, m.dice)),
    "light edit without source": lambda m, key: m.item(
        m.own_title(key), edits.edited(key.body, m.dice, m.lib, m.unit())
    ),
    "pointer, no text": _pointer,
    "picture, source and title": _picture,
    "three edits at once": _mixed,
}


def _bare_lead(m: Maker, key: Text) -> Candidate | None:
    text = edits.lead(key.body, m.dice.number(60, 160))
    return m.item(m.own_title(key), text) if len(text) < 0.3 * len(key.body) else None


def _hidden_piece(m: Maker, key: Text) -> Candidate:
    piece = "".join(edits.sentences(key.body)[2:6])
    parts = m.dice.mixed([piece, *m.filler(4)])
    return m.item("本周健康资讯", "\n".join(parts))


def _title_only(m: Maker, key: Text) -> Candidate:
    return m.item(m.titled(key), m.dice.one(("", "（视频）", "点开看看")))


def _title_other_text(m: Maker, key: Text) -> Candidate:
    return m.item(m.titled(key), "\n".join(m.filler(3)))


def _localised(m: Maker, key: Text) -> Candidate | None:
    text = edits.localised(key.body, m.dice)
    return m.item(m.any_title(key), text) if text != key.body else None


def _left_over(m: Maker, key: Text) -> Candidate:
    text = "\n".join([*m.filler(3), f"转载｜来源：健康澜汀｜稿号 {_marker(key.id)}"])
    return m.item("一周资讯", text)


UNCLEAR: dict[str, Make] = {
    "lead, no title, no source": _bare_lead,
    "some sentences in a round-up": _hidden_piece,
    "title alone": _title_only,
    "title over another text": _title_other_text,
    "date or telephone of its own": _localised,
    "two sentences of three retold": _edit(lambda m, key: edits.retold(key.body, m.dice, m.lib)),
    "稿号 left over in another text": _left_over,
}


def _dressed(m: Maker, text: str) -> str:
    """Another article in the clothes of a reprint."""
    way = m.dice.number(0, 3)
    if way == 0:
        return edits.framed(text, m.dice, m.lib)
    if way == 1:
        return edits.with_source(text, m.dice)
    return edits.introduced(text, m.dice, m.lib) if way == 2 else text


def _quoted(m: Maker, key: Text) -> Candidate:
    quote = m.dice.one([s for s in edits.sentences(key.body) if len(s) > 8] or [key.body])
    comment = m.dice.one(m.lib.phrases["comments"]).format(quote=quote)
    return m.item("居家小常识", "\n".join([*m.filler(2), comment]))


def _told_of(m: Maker, key: Text) -> Candidate:
    text = m.dice.one(m.lib.phrases["news"]).format(title=key.title)
    return m.item(m.own_title(key), text)


def _recommended(m: Maker, key: Text) -> Candidate:
    heading = m.dice.one(("往期推荐", "▼往期回顾", "【相关阅读】", "延伸阅读"))
    text = "\n".join([*m.filler(2), heading, key.title, _link(key.id)])
    return m.item("近期工作", text)


def _slogan(m: Maker, key: Text) -> Candidate:
    return m.item("健康生活", "\n".join([*m.filler(1), *m.lib.phrases["slogans"]]))


def _same_clothes(m: Maker, key: Text) -> Candidate:
    return m.item("本院动态", edits.framed(m.filler(1)[0], m.dice, m.lib))


def _another_of_ours(m: Maker, key: Text) -> Candidate:
    post = m.dice.one(m.lib.others)
    return m.item(post.title, edits.with_source(post.body, m.dice))


def _same_start(m: Maker, key: Text) -> Candidate | None:
    """Its title and first paragraph over another article: the next one of its kind."""
    if len(key.paragraphs[0]) > 0.2 * len(key.body):
        return None
    return m.item(m.titled(key), "\n".join([key.paragraphs[0], *m.filler(4)]))


def _taken_back(m: Maker, key: Text) -> Candidate:
    text = f"本号转载的《{key.title}》（稿号 {_marker(key.id)}）已由发布方撤回，请勿转发。"
    return m.item(m.dice.one(("撤稿说明", "通知", "更正")), text)


def _nothing(m: Maker, key: Text) -> Candidate:
    long = "".join(chr(0x4E00 + m.dice.number(0, 4000)) for _sign in range(2000)) * 50
    return m.item("", m.dice.one(("", "   \n", "😊😊👍❤️🌿", "[爱心][爱心]", "…", long)))


def _early(m: Maker, key: Text) -> Candidate:
    after = timedelta(minutes=m.dice.one((-240, -61, -59, -20, -1)))
    return m.item(m.any_title(key), key.body, after=after)


def _late(m: Maker, key: Text) -> Candidate:
    return m.item(m.any_title(key), key.body, after=timedelta(days=m.dice.number(33, 300)))


STRANGERS: dict[str, Make] = {
    "quoted in a comment": _quoted,
    "news about the item": _told_of,
    "among recommended articles": _recommended,
    "same title and start, other text": _same_start,
    "note that it is withdrawn": _taken_back,
    "same slogan": _slogan,
    "same header and footer": _same_clothes,
    "another post of the flagship": _another_of_ours,
    "nothing, emoji, 100,000 signs": _nothing,
    "before the first release": _early,
    "long after the deadline": _late,
}


def _marker(post: str) -> str:
    return f"HT-{post.upper()}"


def _link(post: str) -> str:
    return f"https://mp.weixin.qq.com/s?__biz=MzA&mid={sum(map(ord, post)) * 977}&idx=1&sn=x"


@cache
def matcher(split: Split) -> Matcher:
    """The matcher an office with these key items has."""
    lib = library(split)
    days = lib.phrases["health_days"]
    return Matcher(
        [_key(text) for text in lib.keys],
        unit_names=UNITS,
        flagship_names=FLAGSHIP,
        others=[*(post.body for post in lib.others), days[_KNOWN_DAY]["last_year"]],
    )


def _key(text: Text) -> KeyText:
    texts = [text.older, text.body] if text.older else [text.body]
    return key_text(
        post=text.id,
        title=text.title,
        texts=texts,
        captions=[[text.caption]] if text.caption else [],
        released_at=RELEASED,
        deadline_at=DEADLINE,
        marker=_marker(text.id),
        urls=[_link(text.id)],
        platform_ids=[f"id-{text.id}"],
    )


@cache
def corpus(split: Split, seed: str = "1") -> tuple[Pair, ...]:
    """All pairs of one half."""
    parts = (_copies, _versions, _collections, _unclear, _friends, _strangers)
    return tuple(
        pair
        for part in parts
        for pair in part(Maker(library(split), Dice(f"{split} {seed} {part.__name__}")))
    )


def _copies(m: Maker) -> Iterator[Pair]:
    for kind, make in COPIES.items():
        short = kind in ("exact copy", "pointer, no text", "picture, source and title")
        yield from _each(m, kind, make, m.lib.keys if short else m.articles(), "reprinted")


def _unclear(m: Maker) -> Iterator[Pair]:
    for kind, make in UNCLEAR.items():
        yield from _each(m, kind, make, m.dice.some(m.articles(), 10), "doubtful")


def _strangers(m: Maker) -> Iterator[Pair]:
    for kind, make in STRANGERS.items():
        yield from _each(m, kind, make, m.dice.some(m.articles(), 14), "other")


def _each(m: Maker, kind: str, make: Make, keys: Sequence[Text], label: Label) -> Iterator[Pair]:
    titles = Counter(key.title for key in m.lib.keys)
    for key in keys:
        candidate = make(m, key)
        if kind == "picture, source and title" and titles[key.title] > 1:
            continue  # nobody can tell which of the two it is
        if candidate is not None:
            yield Pair(kind=kind, key=key.id, candidate=candidate, label=label)


def _versions(m: Maker) -> Iterator[Pair]:
    """Copies of a corrected item, of its old text and of the new one."""
    for key in m.lib.keys:
        if not key.older:
            continue
        for _turn in range(6):
            for kind, text in (("corrected text", key.body), ("text before correction", key.older)):
                yield Pair(
                    kind=kind,
                    key=key.id,
                    candidate=m.item(m.any_title(key), _dressed(m, text)),
                    label="reprinted",
                    outdated=text is key.older,
                )


def _collections(m: Maker) -> Iterator[Pair]:
    for _turn in range(12):
        some = m.dice.some(m.articles(), m.dice.number(2, 4))
        yield from _several(m, "several key items in one", some)
    for key in m.articles():
        fillers = m.filler(m.dice.number(5, 12))
        text = "\n".join(m.dice.mixed([f"{key.title}\n{key.body}", *fillers]))
        candidate = m.item("本周健康资讯", text)
        yield Pair(kind="in a long round-up", key=key.id, candidate=candidate, label="reprinted")


def _several(m: Maker, kind: str, some: Sequence[Text]) -> Iterator[Pair]:
    number = m.dice.one(("{}. ", "【{}】", "{}、", ""))
    pieces = []
    for at, key in enumerate(some, 1):
        text = key.body if m.dice.happens(0.5) else edits.shortened(key.body, 0.6, m.dice)
        pieces.append(f"{number.format(at)}{key.title}\n{text}")
    candidate = m.item("健康周报", "\n".join([*m.filler(1), *pieces, m.dice.one(edits.SOURCES)]))
    every = frozenset(key.id for key in some)
    for key in some:
        yield Pair(
            kind=kind, key=key.id, candidate=candidate, label="reprinted", also=every - {key.id}
        )


def _friends(m: Maker) -> Iterator[Pair]:
    """False friends: much alike, but another article."""
    yield from _last_years(m)
    yield from _series(m)
    yield from _other_notices(m)
    for name, kind in (
        ("same_topic", "same topic, other text"),
        ("paraphrases", "paraphrase"),
        ("translations", "translation"),
    ):
        for entry in m.lib.phrases[name]:
            key = m.lib.key(entry.get("topic") or entry["of"])
            for _turn in range(4):
                title = entry.get("title") or m.own_title(key)
                yield _friend(m, kind, key, title, entry["text"])


def _friend(m: Maker, kind: str, key: Text, title: str, text: str) -> Pair:
    return Pair(kind=kind, key=key.id, candidate=m.item(title, _dressed(m, text)), label="other")


def _last_years(m: Maker) -> Iterator[Pair]:
    for number, day in enumerate(m.lib.phrases["health_days"]):
        key = m.lib.key(f"day-{number}")
        for turn in range(8):
            text = day["last_year"]
            if turn > 4:
                text = edits.edited(text, m.dice, m.lib, m.unit())
            pair = _friend(m, "last year's article", key, m.any_title(key), text)
            yield pair
        if number == _KNOWN_DAY:
            yield from _both_years(m, key, day["last_year"])


def _both_years(m: Maker, key: Text, before: str) -> Iterator[Pair]:
    """Pieces that are the same in this year's article and in one of ours of last year."""
    same = [line for line in key.paragraphs if line in before]
    for _turn in range(4):
        piece = m.item(m.own_title(key), "\n".join(m.dice.some(same, 2)))
        yield Pair(kind="what both years have", key=key.id, candidate=piece, label="doubtful")


def _series(m: Maker) -> Iterator[Pair]:
    first, part = m.lib.key("series-0"), m.lib.key("part-0")
    for entry in m.lib.phrases["series"][1:]:
        for _turn in range(5):
            yield _friend(m, "next issue of a series", first, entry["title"], entry["text"])
    other = m.lib.phrases["parts"][1]
    for _turn in range(6):
        yield _friend(m, "other part (上/下)", part, other["title"], other["text"])


def _other_notices(m: Maker) -> Iterator[Pair]:
    for number, entry in enumerate(m.lib.phrases["notices"]):
        key = m.lib.key(f"notice-{number}")
        for unit in m.lib.phrases["units"]:
            for _turn in range(4):
                fields = notice_fields(m.dice, unit)
                title, text = (entry[name].format(**fields) for name in ("title", "text"))
                yield replace(
                    _friend(m, "same template, other event", key, title, text), also=frozenset()
                )
