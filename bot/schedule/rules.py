"""What the office may not publish, checked before a post is due. Pure: a post in, problems out.

Grounds: 九部门科普意见 (2022) and 四部门科普通知 (2025-08) for science posts; 国版办发〔2015〕3号
for reprints; 个人信息保护法 and 医师法 for patients; 广告法第十六条 and 医疗广告认定指南 (2025-08)
for claims of effect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from bot.domain.post import Post
from bot.domain.problem import Place, Problem, Severity
from bot.i18n import _

# Field, a piece of its text, how often that stands before the one meant -> where it stands.
Where = Callable[[str, str, int], Place]

_FIGURE: Final = (
    r"(?:\d+(?:\.\d+)?\s*[%％‰]|百分之[零一二三四五六七八九十百点\d]+|[一二三四五六七八九]成)"
)
# 更有效率地 speaks of efficiency.
_RATE: Final = r"(?:治愈率|(?<![更很最没])有效率(?![地的])|显效率|痊愈率|根治率)"
_CLAIMS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_RATE}[^。！？!?；;，,\n]{{0,12}}?{_FIGURE}",
        rf"{_FIGURE}(?:以上|左右)?的?(?:临床|总)?{_RATE}",
        r"(?:100\s*[%％]|百分之?百)的?(?:有效|治愈|见效|康复|根治|安全)",
        # 根治术 and 根治性 name operations; 根治欠薪 is no medicine.
        r"根治(?![术性率]|.{0,6}欠薪)",
        r"最佳疗效|疗效最佳|药到病除|包治百病|包治愈|保证治愈|永不复发|无效退款|零副作用|无任何副作用",
    )
)
# A sentence that denies or warns of the claim makes none.
_DENIED: Final = re.compile(
    r"(?:不能|无法|难以|不可|没有|没法|尚无|并非|并不|不会|未能|不等于|不代表|能不能|能否)"
    r"[^。！？!?；;，,\n]{0,10}$"
)
_WARNED: Final = re.compile(
    r"谣言|骗局|骗子|虚假|误区|不要相信|别信|勿信|不可信|警惕|号称|声称|宣称|自称|所谓|夸大|严禁|禁止|不得"
)
_SENTENCE_END: Final = "。！？!?；;\n"
_ID_NUMBER: Final = re.compile(r"(?<!\d)(\d{6})[ -]?(\d{8})[ -]?(\d{3}[\dXx])(?![\dXx])")
_MOBILE: Final = re.compile(r"(?<![\d.])1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
_ADDRESS: Final = re.compile(r"https?://[\w./?=&%#:~+-]+", re.ASCII)
_NARROW: Final = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789Xx")


def check(post: Post, where: Where) -> list[Problem]:
    """All that forbids the post to go out, and what somebody should look at."""
    problems = [*_facts(post, where)]
    for name, text in _texts(post):
        problems += _claims(post, name, text, where)
        problems += _id_numbers(post, name, text, where)
        problems += _mobile_numbers(post, name, text, where)
    return problems


def _texts(post: Post) -> Iterator[tuple[str, str]]:
    for name in ("title", "digest", "text", "body"):
        yield name, getattr(post, name)
    for platform, override in post.overrides.items():
        for name in ("title", "digest", "text"):
            yield f"variants.{platform}.{name}", getattr(override, name) or ""
    for index, article in enumerate(post.more):
        for name in ("title", "digest", "body"):
            yield f"more.{index}.{name}", getattr(article, name)


def _facts(post: Post, where: Where) -> Iterator[Problem]:
    """What a post of this kind must state about itself."""
    if post.topic == "science" and not post.reviewer:
        yield Problem(
            code="science-without-reviewer",
            message=_("{post} is a science post and names no reviewer.").format(post=post.id),
            hint=_(
                "Add “reviewer: …” with name and title. Health science must show who answers for "
                "it (opinion of nine departments, 2022)."
            ),
            place=where("topic", "", 0),
            post=post.id,
        )
    if post.topic == "reprint" and not (post.source and post.source_url):
        yield Problem(
            code="reprint-without-source",
            message=_("{post} is a reprint and does not state its source and address.").format(
                post=post.id
            ),
            hint=_(
                "Add “source: …” and “source_url: https://…”. A reprint must name where it comes "
                "from (国版办发〔2015〕3号)."
            ),
            place=where("topic", "", 0),
            post=post.id,
        )
    if post.patient_story and not post.consent:
        yield Problem(
            code="consent-missing",
            message=_("{post} tells of a patient and has no consent reference.").format(
                post=post.id
            ),
            hint=_(
                "Add “consent: …” with the number of the signed consent. Health data needs the "
                "person's own consent (个人信息保护法)."
            ),
            place=where("patient_story", "", 0),
            post=post.id,
        )


def _claims(post: Post, name: str, text: str, where: Where) -> Iterator[Problem]:
    for found in _first_of_each(_CLAIMS, text):
        yield Problem(
            code="efficacy-claim",
            message=_("“{words}” promises or quantifies an effect.").format(words=found[0]),
            hint=_(
                "Take it out. Medical content may not state cure or effective rates or promise "
                "an effect (advertising law, article 16)."
            ),
            place=_at(where, name, text, found),
            post=post.id,
        )


def _at(where: Where, name: str, text: str, found: re.Match[str]) -> Place:
    piece = text[found.start() : found.end()]
    return where(name, piece, text.count(piece, 0, found.start()))


def _first_of_each(patterns: tuple[re.Pattern[str], ...], text: str) -> Iterator[re.Match[str]]:
    end = -1
    matches = (found for pattern in patterns for found in pattern.finditer(text))
    for found in sorted(matches, key=lambda match: (match.start(), -match.end())):
        if found.start() >= end and not _harmless(text, found):
            end = found.end()
            yield found


def _harmless(text: str, found: re.Match[str]) -> bool:
    """True when the sentence denies the claim or warns of it."""
    start = max(text.rfind(mark, 0, found.start()) for mark in _SENTENCE_END) + 1
    ends = [text.find(mark, found.end()) for mark in _SENTENCE_END]
    end = min((index for index in ends if index >= 0), default=len(text))
    before = text[start : found.start()]
    return bool(_DENIED.search(before) or _WARNED.search(text[start:end]))


def _id_numbers(post: Post, name: str, text: str, where: Where) -> Iterator[Problem]:
    for found in _ID_NUMBER.finditer(text.translate(_NARROW)):
        number = "".join(found.groups()).upper()
        if not _is_id_number(number):
            continue
        yield Problem(
            code="id-number",
            message=_("The text contains the identity card number {masked}.").format(
                masked=number[:2] + "*" * 14 + number[-2:]
            ),
            hint=_(
                "Take it out or mask all but the first and last digits. Identity numbers are "
                "personal data that may not be published (个人信息保护法)."
            ),
            place=_at(where, name, text, found),
            post=post.id,
        )


def _is_id_number(number: str) -> bool:
    """True when the date and the check character are right (GB 11643-1999)."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * (2 ** (17 - index) % 11) for index, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17]


def _mobile_numbers(post: Post, name: str, text: str, where: Where) -> Iterator[Problem]:
    plain = _ADDRESS.sub(lambda found: " " * len(found[0]), text.translate(_NARROW))
    for found in _MOBILE.finditer(plain):
        number = "".join(char for char in found[0] if char.isdigit())
        yield Problem(
            code="mobile-number",
            message=_("The text contains the mobile number {masked}.").format(
                masked=number[:3] + "****" + number[-2:]
            ),
            hint=_("Give the unit's switchboard number, or make sure its owner agreed to this."),
            severity=Severity.WARNING,
            place=_at(where, name, text, found),
            post=post.id,
        )
