"""What people, editors and platforms do to a text on its way to another account."""

from __future__ import annotations

import re
from functools import cache

import opencc

from tests.matching.dice import Dice
from tests.matching.texts import Library, Text

SOURCES = (
    "来源：健康澜汀",
    "转载自“健康澜汀”公众号",
    "（来源：健康澜汀微信公众号）",
    "文章来源｜健康澜汀",
    "稿源：健康澜汀",
)
_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?[”’）]*")
_EMOJI = ("💧", "😊", "👉", "🔥", "❤️", "🌿", "[心]", "[鲜花]", "1️⃣")
_HIDDEN = ("\u200b", "\ufeff", "\u00a0", "\u3000", " ")
_PUNCTUATION = str.maketrans("，。：；！？（）“”", ',.:;!?()""')
_MEASURED = re.compile(r"(?<![\d.\-—])(\d{1,2})(?=[年月日时分天次名岁个家])")
_SPOKEN = re.compile(
    "(?<![一二三四五六七八九十百千两第几数])[二三四五六七八九]?十[一二三四五六七八九]?(?=[分秒天岁名家个月日])"
)
_UNIT = re.compile(r"(?:澜汀)?区[\u4e00-\u9fff]{2,8}(?:医院|中心|防治所|保健院)")


def sentences(text: str) -> list[str]:
    """The sentences of a text; line breaks are lost."""
    return [found.strip() for found in _SENTENCE.findall(text) if found.strip()]


@cache
def _converter(name: str) -> opencc.OpenCC:
    return opencc.OpenCC(name)


def traditional(text: str, dice: Dice) -> str:
    """In traditional characters, in one of their three spellings."""
    return str(_converter(dice.one(("s2t", "s2tw", "s2hk"))).convert(text))


def framed(text: str, dice: Dice, lib: Library) -> str:
    """With an account's header and footer, and now and then an editor's note."""
    parts = [dice.one(lib.phrases["headers"]), text, dice.one(lib.phrases["footers"])]
    if dice.happens(0.4):
        parts.insert(1, dice.one(lib.phrases["editors_notes"]))
    return "\n".join(parts)


def introduced(text: str, dice: Dice, lib: Library) -> str:
    """With a unit's own words in front and behind."""
    return "\n".join((dice.one(lib.phrases["intros"]), text, dice.one(lib.phrases["outros"])))


def edited(text: str, dice: Dice, lib: Library, unit: str) -> str:
    """Edited lightly: some words exchanged, a name replaced by the unit's own, a sentence gone."""
    for old, new in dice.some(lib.phrases["synonyms"], 4):
        text = text.replace(old, new)
    if dice.happens(0.5):
        text = _UNIT.sub(unit, text, count=1)
    left = sentences(text)
    if len(left) > 12:
        text = text.replace(dice.one(left[3:]), "", 1)
    return text


def misspelt(text: str, dice: Dice) -> str:
    """With a slip of the keys in every hundred characters: one lost, doubled or wrong."""
    signs = list(text)
    for at, sign in enumerate(signs):
        if "\u4e00" <= sign <= "\u9fff" and dice.happens(0.01):
            signs[at] = dice.one(("", sign + sign, chr(ord(sign) + 1)))
    return "".join(signs)


def rotated(text: str, dice: Dice) -> str:
    """With its paragraphs in another order."""
    lines = text.splitlines()
    turn = dice.number(1, max(1, len(lines) - 1))
    return "\n".join(lines[turn:] + lines[:turn])


def shortened(text: str, share: float, dice: Dice) -> str:
    """So much of it: from the start, or with sentences taken out everywhere."""
    wanted = len(text) * share
    every = sentences(text)
    if dice.happens(0.5):
        kept, length = [], 0
        for sentence in every:
            if length + len(sentence) / 2 > wanted:
                break
            kept.append(sentence)
            length += len(sentence)
        return "\n".join(kept)
    gone: set[int] = set()
    for number in dice.mixed(range(len(every))):
        if (
            sum(len(s) for n, s in enumerate(every) if n not in gone) - len(every[number]) / 2
            < wanted
        ):
            break
        gone.add(number)
    return "\n".join(s for n, s in enumerate(every) if n not in gone)


def lead(text: str, length: int) -> str:
    """Its first sentences, about so many characters and at least one sentence."""
    kept = ""
    for sentence in sentences(text):
        if kept and len(kept) + len(sentence) > length:
            break
        kept += sentence
    return kept


def weibo(key: Text, dice: Dice) -> str:
    """140 characters: the title in brackets, as much of the start as fits, and a short link."""
    link = f" http://t.cn/A6{dice.number(10**5, 10**6)}"
    topic = dice.one(("", "#健康澜汀#", "#澜汀卫生健康# "))
    head = f"{topic}【{key.title}】"
    room = 140 - len(head) - 12
    return f"{head}{key.body.replace(chr(10), '')[:room]}…全文：{link}"


def retyped(text: str, dice: Dice) -> str:
    """With other punctuation, widths, blanks, emoji and signs nobody sees."""
    if dice.happens(0.5):
        text = text.translate(_PUNCTUATION)
    if dice.happens(0.5):
        text = re.sub(r"[0-9A-Za-z]", lambda m: chr(ord(m[0]) + 0xFEE0), text)
    out = []
    for sign in text:
        out.append(sign)
        if dice.happens(0.03):
            out.append(dice.one(_HIDDEN))
        if sign in "。\n" and dice.happens(0.3):
            out.append(dice.one(_EMOJI))
    return "".join(out)


def as_html(text: str, dice: Dice) -> str:
    """With the tags and entities a careless listing leaves in it."""
    style = dice.one(("color:#333", "text-indent: 2em;font-size:15px", "letter-spacing:1px"))
    blank = dice.one(("&nbsp;", "&nbsp;&nbsp;", "&amp;nbsp;", "&#160;"))
    lines = (line.replace("“", "&ldquo;").replace("”", "&rdquo;") for line in text.splitlines())
    return "".join(f'<p style="{style}">{blank}<span>{line}</span><br/></p>' for line in lines)


def renumbered(text: str, dice: Dice) -> str:
    """With small numbers in words, or those in words in figures."""
    if dice.happens(0.5):
        return _MEASURED.sub(lambda m: in_words(int(m[1])), text)
    return _SPOKEN.sub(lambda m: str(_in_figures(m[0])), text)


def in_words(number: int) -> str:
    """A number below a hundred as it is spoken."""
    signs = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    if not tens:
        return signs[ones]
    return ("" if tens == 1 else signs[tens]) + "十" + (signs[ones] if ones else "")


def _in_figures(words: str) -> int:
    tens, _ten, ones = words.partition("十")
    signs = "零一二三四五六七八九"
    return (signs.index(tens) if tens else 1) * 10 + (signs.index(ones) if ones else 0)


def on_cards(text: str, dice: Dice) -> str:
    """Set sentence by sentence, with signs and numbers in front."""
    sign = dice.one(("▶ ", "● ", "—— ", "✅"))
    return "\n".join(f"{sign}{sentence}" for sentence in sentences(text))


def retitled(key: Text, dice: Dice, lib: Library) -> str:
    """Under another title that says what it is about."""
    topic = re.split(r"[：，｜？（|]", key.title)[0]
    return str(dice.one(lib.phrases["title_forms"])).format(topic=topic[:10])


def with_source(text: str, dice: Dice) -> str:
    """With the source named in front or behind."""
    source = dice.one(SOURCES)
    return f"{source}\n{text}" if dice.happens(0.5) else f"{text}\n{source}"


def localised(text: str, dice: Dice) -> str:
    """With one or two numbers exchanged, as a unit does that sets its own date or telephone."""
    found = list(re.finditer(r"(?<![\d.\-—])\d{1,4}(?![\d.])", text))
    for spot in sorted(dice.some(found, 2), key=lambda m: -m.start()):
        text = f"{text[: spot.start()]}{int(spot[0]) + dice.number(2, 7)}{text[spot.end() :]}"
    return text


def retold(text: str, dice: Dice, lib: Library) -> str:
    """With about two sentences of three in other words."""
    every = sentences(text)
    kept = set(dice.some(range(len(every)), len(every) // 3))
    own = lib.phrases["retold"]
    return "\n".join(s if n in kept else dice.one(own) for n, s in enumerate(every))
