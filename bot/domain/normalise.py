"""Texts made comparable: the same article gives the same characters wherever it was copied to.

The steps are those of character-gram reprint detection on Chinese pages: HTML to text, NFKC,
invisible characters out, traditional to simplified characters (OpenCC `t2s`, which keeps the
words; `tw2sp` would swap 影片 for 视频), lower case, platform decorations out, only letters and
numbers, and numbers written one way (八日 and 08日 are 8日). Between two figures one sign stays, or
34—36 and 3436 would be the same. Verdicts store `VERSION`, because a changed step changes scores.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache
from html.parser import HTMLParser
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import opencc

VERSION = 2  # raise it with any change of `normalise`, `grams` or `numbers`
EDGE_LINES = 15  # credit lines are looked for this near to the start and the end
URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)  # ASCII only: Chinese runs on without a blank

_BLOCK = re.compile(
    r"address|article|aside|blockquote|br|d[dlt]|div|fig(?:caption|ure)|foot(?:er)?|h[1-6r]|header|"
    r"li|main|[ou]l|p|pre|section|table|t[dhr]|title"
)
_HIDDEN = frozenset({"script", "style", "noscript", "template"})
_DECORATION = re.compile(
    r"https?://[!-~]+|www\.[!-~]+"
    r"|@[\w\-·]{1,30}"  # names on Weibo have at most 30 characters
    r"|#[^#\n]{1,40}#"
    r"|\[[^\[\]\n]{1,8}\]"  # [表情]
    r"|[0-9#*]\ufe0f?\u20e3",  # a figure in a box, 1️⃣: it counts paragraphs
    re.IGNORECASE,
)
_DECORATED = re.compile(r"[@#\[\u20e3]|://|www")  # is there anything of the kind?
_CREDIT = re.compile(
    r"^\W*(?:来源|信息来源|稿源|编辑|责编|责任编辑|审核|初审|复审|终审|审稿|校对|作者|撰稿|供稿|"
    r"通讯员|图片?|摄影|排版|监制|值班|转载自|转自|稿号)[^:|丨/\n]{0,8}[:|丨/]"
)
_CALL = re.compile(
    r"往期推荐|往期回顾|精彩回顾|点击.{0,6}关注|点击[上下]方|点击蓝字|点击阅读|阅读原文|扫码|"
    r"二维码|[点分][赞享].{0,6}在看"
)
_NOT_TEXT = re.compile(r"[\W_丨]+")  # 丨 is a letter to Unicode and a separator to editors
_BLANK = re.compile(r"[^\S\n]")
_BLANKS = re.compile(r"(?<!\d)[^\S\n]+|[^\S\n]+(?!\d)")
_MARKUP = re.compile(
    r"</?(?:p|div|span|br|b|strong|em|section|article|h[1-6]|ul|ol|li|a|img|table|t[rdh])\b[^<>]*>"
    r"|&(?:nbsp|[lr]dquo|amp|lt|gt|quot|mdash|hellip|middot|e[nm]sp|#\d{1,6}|#x[0-9a-f]{1,5});",
    re.IGNORECASE,
)
# Control and zero-width characters: WeChat inserts U+200B and U+FEFF (NFKC makes U+00A0 a blank).
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ud800-\udfff]"  # half a character: what a cut answer leaves, and OpenCC refuses
)
# Spellings of Taiwan and Hong Kong that `t2s` leaves; 著 is 着 there, wherever it is said zhe.
_SPELLINGS = str.maketrans("著衞枱揹簷痺睪", "着卫台背檐痹睾")
_SPELT = re.compile("[著衞枱揹簷痺睪]")
_WIDE = tuple(zip("，：；！？（）％～\u3000\xa0…", (*",:;!?()%~  ", "..."), strict=True))
_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_TENS = {"十": 10, "百": 100, "千": 1000}
_MYRIAD = 10_000
_SIGNS = "零〇一二三四五六七八九两十百千万"
_MEASURES = (
    "年月日号时点分秒岁例期周天个名位家处所次剂支人条项种倍成片层辆台间户元克米升度届版讲集篇"
    "辑章步样件份张本双只场轮批床"
)
_NUMERAL = re.compile(  # possessive, and from a run's start alone: else long runs cost its square
    rf"百分之(?:([{_SIGNS}]++)|(\d++))|(?<=第)[{_SIGNS}]++"
    rf"|(?<![\d亿{_SIGNS}])[{_SIGNS}]++(?=[{_MEASURES}])"
)
_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TRACKING = re.compile(r"utm_\w+|spm|share_token", re.IGNORECASE)
_WECHAT_HOST = "mp.weixin.qq.com"
_WECHAT_NOISE = frozenset({"chksm", "scene", "sn", "from", "isappinstalled"})


class _TextOf(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if _is_hidden(tag):
            self._hidden += 1
        if _BLOCK.fullmatch(tag):
            self.parts.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if _BLOCK.fullmatch(tag):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if _is_hidden(tag):
            self._hidden = max(0, self._hidden - 1)
        if _BLOCK.fullmatch(tag):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _is_hidden(tag: str) -> bool:
    # mp-common-profile and the like are WeChat's cards: name and slogan of some other account.
    return tag in _HIDDEN or tag.startswith("mp-")


def html_to_text(html: str) -> str:
    """The words a reader sees, one line per block; scripts, cards and picture texts are left out.

    Broken HTML gives what can be read of it; nothing is raised.
    """
    parser = _TextOf()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).splitlines())
    return "\n".join(line for line in lines if line)


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def fold(text: str) -> str:
    """`text` in one script, width and case, with its punctuation and line breaks kept.

    For searching names and markers in; `normalise` goes further.
    """
    plain = str(_converter().convert(_INVISIBLE.sub("", _nfkc(text))))
    if _SPELT.search(plain) is not None:
        plain = plain.translate(_SPELLINGS)
    return plain.lower()


def _nfkc(text: str) -> str:
    # Beside these signs most Chinese text is normal already, and finding that out is far cheaper.
    for wide, narrow in _WIDE:
        text = text.replace(wide, narrow)
    if unicodedata.is_normalized("NFKC", text):
        return text
    return unicodedata.normalize("NFKC", text)


def readable(text: str) -> str:
    """`text` without the tags and entities that a careless listing left in it."""
    for _layer in range(2):  # &amp;nbsp; is wrapped twice
        if _MARKUP.search(text) is None:
            break
        text = html_to_text(text)
    return text


def normalise(text: str) -> str:
    """Only the letters and numbers of `text`, comparable with every other normalised text.

    Normalising twice changes nothing. Credit lines (来源, 编辑, 扫码 …) go when the text has
    several lines; that saves little, the scores bear a header and a footer anyway.
    """
    result = _bare(_without_credits(fold(readable(text))))
    # Characters that became neighbours may form a phrase OpenCC knows, or a numeral.
    while not _rests(result) and (again := _bare(fold(result))) != result:
        result = again
    return result


def _rests(result: str) -> bool:
    """Whether normalising once more would change nothing; several times cheaper than doing it."""
    return (
        _NUMERAL.search(result) is None
        and _ZEROS.search(result) is None
        and (fold(result) == result)
    )


def letters(text: str) -> str:
    """The letters and figures of `text`, folded: for saying how much of one text is in another.

    Five times cheaper than `normalise`, which also takes out credits and reads numerals.
    """
    return _NOT_TEXT.sub("", fold(text))


def bare_line(folded: str) -> str:
    """One folded line as `normalise` would give it; several times cheaper."""
    return _bare(folded)


def _bare(folded: str) -> str:
    plain = _DECORATION.sub("", folded) if _DECORATED.search(folded) is not None else folded
    if plain.count(" ") * 3 > len(plain):  # 流 感 来 了: then blanks say nothing at all
        plain = plain.replace(" ", "")
    # Blanks go first, or 二 十天 would have a 10 in it; other signs end a number.
    plain = _BLANKS.sub("", plain) if _BLANK.search(plain) is not None else plain
    plain = _in_figures(_THOUSANDS.sub("", plain))
    return _NOT_TEXT.sub(_gap, plain)


def _gap(run: re.Match[str]) -> str:
    """What is left of a run of signs and blanks: nothing, but between two figures one sign."""
    text, start, end = run.string, run.start(), run.end()
    if start > 0 and end < len(text) and text[start - 1].isdecimal() and text[end].isdecimal():
        return "." if run[0] == "." else "-"
    return ""


def _in_figures(text: str) -> str:
    return _ZEROS.sub("", _NUMERAL.sub(lambda m: _arabic(m[1] or m[2] or m[0]), text))


def _without_credits(folded: str) -> str:
    lines = [line for line in folded.splitlines() if line.strip()]
    if len(lines) < 2:
        return folded
    return "\n".join(
        line
        for number, line in enumerate(lines)
        if not (
            (number < EDGE_LINES or number >= len(lines) - EDGE_LINES)
            and len(line) <= 60
            and (_CREDIT.match(line) or _CALL.search(line))
        )
    )


def grams(text: str, n: int = 5) -> frozenset[str]:
    """The distinct runs of `n` characters in `text` (normalised); empty when it is shorter."""
    return frozenset(text[i : i + n] for i in range(len(text) - n + 1))


def text_hash(text: str) -> str:
    """24 hex characters naming `text`, the same in every process (`hash()` is not)."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def numbers(text: str) -> frozenset[str]:
    """The numbers in `text`: dates, times, phones, amounts.

    八日 reads as 8, 1,000 as 1000, 08 as 8. Numbers inside links do not count.
    """
    return numbers_in(_in_figures(_THOUSANDS.sub("", URL.sub("", fold(text)))))


def numbers_in(normal: str) -> frozenset[str]:
    """The numbers in a text that has them in figures already."""
    return frozenset(found.lstrip("0") or "0" for found in _NUMBER.findall(normal))


def _arabic(numeral: str) -> str:
    if not any(sign in _TENS or sign == "万" for sign in numeral):
        return "".join(str(_DIGITS.get(sign, sign)) for sign in numeral)  # 二〇二六, and figures
    total = section = digit = 0
    for sign in numeral:
        if sign == "万":
            total += (section + digit or 1) * _MYRIAD
            section = digit = 0
        elif sign in _TENS:
            section += (digit or 1) * _TENS[sign]
            digit = 0
        else:
            digit = _DIGITS[sign]
    return str(total + section + digit)


def canonical_url(url: str) -> str:
    """`url` without what differs between two links to the same page; "" when it is no web link.

    Scheme, case of the host, trailing slash, fragment, order of the query and tracking fields do
    not count. Of a long WeChat link only `__biz`, `mid` and `idx` count: they are the article's
    msgid (mid_idx) in WeChat's statistics, while `chksm`, `scene` and `sn` differ from one of
    WeChat's answers to the next.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port not in _PORTS else "")
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    query = _query(host, parts)
    return f"https://{host}{parts.path.rstrip('/')}" + (f"?{query}" if query else "")


_PORTS = frozenset({None, 80, 443})


def _query(host: str, parts: SplitResult) -> str:
    fields = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(name)
    ]
    if host == _WECHAT_HOST:
        given = dict(fields)
        if "__biz" in given and "mid" in given:
            return urlencode([(k, given.get(k, "1")) for k in ("__biz", "mid", "idx")])
        fields = [(name, value) for name, value in fields if name not in _WECHAT_NOISE]
    return urlencode(sorted(fields))
