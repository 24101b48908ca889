"""Numbers and names by which a patient can be found, and mobile numbers.

Grounds: 个人信息保护法; 医师法. No message repeats what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from bot.domain.problem import Severity
from bot.i18n import _
from bot.schedule.rules.finding import Family, Found, pairs

# Without such a run there is no number worth a look.
DIGITS: Final = re.compile(r"\d[\d -]{7}")
_NARROW: Final = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789Xx")
_ID_NUMBER: Final = re.compile(r"(?<!\d)(\d{6})[ -]?(\d{8})[ -]?(\d{3}[\dXx])(?![\dXx])")
_MOBILE: Final = re.compile(r"(?<![\d.])1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
_ADDRESS: Final = re.compile(r"https?://[\w./?=&%#:~+-]+", re.ASCII)
# Debit cards of UnionPay have 16 to 19 digits, cards of Visa, Mastercard and JCB 16.
_CARD: Final = re.compile(
    r"(?<![\dA-Za-z.])(?:62\d{2}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?"
    r"|(?:4\d|5[1-5]|35)\d{2}(?:[ -]?\d{4}){3})"
    r"(?![\dA-Za-z])"
)
_RECORD: Final = re.compile(
    r"(?:住院号|病历号|病案号|门诊号|就诊号|就诊卡号|影像号|检查号|标本号|登记号)码?"
    r"[为是：:\s#]{0,3}[A-Za-z]{0,3}\d{4,}|床号[为是：:\s#]{0,3}\d{1,4}"
)
_TRAVEL: Final = re.compile(
    r"(?:护照|通行证|回乡证|台胞证)[^\dA-Za-z，。；\n]{0,6}[A-Za-z]{1,2}\d{7,8}(?!\d)"
)
# Surnames that begin no everyday word; 患者高血压 and 患者白天 are no names.
_SURNAMES: Final = (
    "张王李刘陈杨赵吴徐孙朱郭梁宋郑韩冯董萧曹袁邓傅沈吕卢蒋蔡贾魏薛阎潘戴汪姜姚谭廖邹熊邱侯孟"
)
_NAME: Final = re.compile(
    rf"(?:患者|病人)(?:是|为|名叫|叫)?([{_SURNAMES}]"
    r"(?![某姓氏口嘴先大阿女老师奶爷伯太叔婶嫂姐哥])[\u4e00-\u9fa5]{1,2})"
    r"(?=[，,（(。、；：]|今年|因|入院|来院|于\d)"
)


def _numbers(text: str) -> Iterator[Found]:
    if not DIGITS.search(text):
        return
    narrow = text.translate(_NARROW)
    yield from _id_numbers(narrow)
    # A number in an address is the address's.
    plain = _ADDRESS.sub(lambda found: " " * len(found[0]), narrow) if "://" in narrow else narrow
    yield from _cards(plain)
    yield from _mobiles(plain)


def _id_numbers(text: str) -> Iterator[Found]:
    for found in _ID_NUMBER.finditer(text):
        number = "".join(found.groups()).upper()
        if is_id_number(number):
            yield Found(
                code="id-number",
                start=found.start(),
                end=found.end(),
                message=_("The text contains the identity card number {masked}.").format(
                    masked=number[:2] + "*" * 14 + number[-2:]
                ),
                hint=_(
                    "Take it out or mask all but the first and last digits. Identity numbers are "
                    "personal data that may not be published (个人信息保护法)."
                ),
                severity=Severity.ERROR,
            )


def is_id_number(number: str) -> bool:
    """True when the date and the check character are right (GB 11643-1999)."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * (2 ** (17 - index) % 11) for index, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17]


def _cards(text: str) -> Iterator[Found]:
    for found in _CARD.finditer(text):
        number = "".join(char for char in found[0] if char.isdigit())
        if _luhn(number) and not (len(number) == 18 and is_id_number(number)):
            yield Found(
                code="bank-card",
                start=found.start(),
                end=found.end(),
                message=_("The text contains the bank card number {masked}.").format(
                    masked=number[:4] + "*" * (len(number) - 6) + number[-2:]
                ),
                hint=_("Take it out. If it is an account for donations, name where to ask for it."),
                severity=Severity.ERROR,
            )


def _luhn(number: str) -> bool:
    """True when the check digit is right (ISO/IEC 7812-1)."""
    total = 0
    for index, char in enumerate(reversed(number)):
        digit = int(char) * (index % 2 + 1)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def _mobiles(text: str) -> Iterator[Found]:
    for found in _MOBILE.finditer(text):
        number = "".join(char for char in found[0] if char.isdigit())
        yield Found(
            code="mobile-number",
            start=found.start(),
            end=found.end(),
            message=_("The text contains the mobile number {masked}.").format(
                masked=number[:3] + "****" + number[-2:]
            ),
            hint=_("Give the unit's switchboard number, or make sure its owner agreed to this."),
        )


def _records(text: str) -> Iterator[Found]:
    for found in _RECORD.finditer(text.translate(_NARROW)):
        yield Found(
            code="record-number",
            start=found.start(),
            end=found.end(),
            message=_("The text contains the record number of a patient."),
            hint=_("Take it out: with it the patient can be found (个人信息保护法)."),
            severity=Severity.ERROR,
        )


def _travel(text: str) -> Iterator[Found]:
    for found in _TRAVEL.finditer(text.translate(_NARROW)):
        yield Found(
            code="travel-document",
            start=found.start(),
            end=found.end(),
            message=_("The text contains the number of a travel document."),
            hint=_("Take it out or mask it (个人信息保护法)."),
            severity=Severity.ERROR,
        )


def _names(text: str) -> Iterator[Found]:
    for found in _NAME.finditer(text):
        yield Found(
            code="patient-name",
            start=found.start(1),
            end=found.end(1),
            message=_("{masked} looks like the full name of a patient.").format(
                masked=found[1][0] + "*" * (len(found[1]) - 1)
            ),
            hint=_("Write 患者{name}某, or make sure the consent covers the name.").format(
                name=found[1][0]
            ),
        )


# Looked for in texts that hold a digit; those below by their words.
NUMBERS: Final = Family(find=_numbers, pairs=frozenset())
FAMILIES: Final = (
    Family(find=_records, pairs=pairs("院号 历号 案号 诊号 卡号 像号 查号 本号 记号 床号")),
    Family(find=_travel, pairs=pairs("护照 行证 乡证 胞证")),
    Family(find=_names, pairs=pairs("患者 病人")),
)
