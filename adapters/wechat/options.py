"""What a post may choose on WeChat only: comments, how the cover is cut, the layout's theme.

In a calendar: `variants: {wechat: {options: {comments: fans, crop: top}}}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapters.wechat import themes
from bot.domain.post import Media, Variant
from bot.domain.problem import Problem
from bot.domain.roster import Account
from bot.i18n import _

COMMENTS = ("off", "all", "fans")
PLACES = ("center", "top", "bottom")  # of a cover taller than the cut; a wider one is centred
_KNOWN = ("comments", "crop", "crop_square", themes.OPTION)
_NUMBER = r"(?:0|1|0?\.\d{1,6}|1\.0{1,6})"  # 0 to 1 with at most six decimals
_BOX = re.compile(rf"{_NUMBER}(?:_{_NUMBER}){{3}}")


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A cut WeChat makes of a cover, and the option that moves it."""

    name: str  # as in crop_percent_list
    width: float  # for a height of 1
    option: str


WIDE = Ratio(name="2.35_1", width=2.35, option="crop")  # in the list of articles
SQUARE = Ratio(name="1_1", width=1.0, option="crop_square")  # in chats and on further articles


@dataclass(frozen=True, kw_only=True)
class Box:
    """A part of a picture: corners in fractions of its width and height."""

    x1: float
    y1: float
    x2: float
    y2: float

    def numbers(self) -> tuple[str, str, str, str]:
        """The corners as WeChat writes them, with at most six decimals."""
        one, two, three, four = (
            f"{value:.6f}".rstrip("0").rstrip(".") for value in (self.x1, self.y1, self.x2, self.y2)
        )
        return one, two, three, four


def account_comments(account: Account) -> str:
    """Who may comment under the account's articles when the post does not say."""
    return account.options.get("comments", "off")


def comments(choice: str) -> dict[str, object]:
    """The draft's two switches for comments (留言)."""
    return {
        "need_open_comment": int(choice in ("all", "fans")),
        "only_fans_can_comment": int(choice == "fans"),
    }


def crop(options: Mapping[str, str], cover: Media | None, ratio: Ratio) -> Box | None:
    """Which part of the cover is shown in this ratio; None when the post leaves it to WeChat."""
    choice = options.get(ratio.option, "")
    if _BOX.fullmatch(choice):
        x1, y1, x2, y2 = (float(number) for number in choice.split("_"))
        return Box(x1=x1, y1=y1, x2=x2, y2=y2)
    if choice not in PLACES or cover is None or not (cover.width and cover.height):
        return None
    return _cut(cover.width / cover.height, ratio.width, choice)


def _cut(have: float, want: float, place: str) -> Box:
    """The largest part with ratio `want` of a picture with ratio `have`."""
    if have >= want:
        side = (1 - want / have) / 2
        return Box(x1=side, y1=0, x2=1 - side, y2=1)
    height = have / want
    top = {"top": 0.0, "center": (1 - height) / 2, "bottom": 1 - height}[place]
    return Box(x1=0, y1=top, x2=1, y2=top + height)


def problems(variant: Variant, account: Account) -> Iterator[Problem]:
    """Options of the post WeChat's adapter does not know, and values nobody can use."""
    for name in sorted(variant.options.keys() - set(_KNOWN)):
        message = _('WeChat knows no option "{name}"; it knows {known}.')
        yield Problem(
            code="option-unknown", message=message.format(name=name, known=", ".join(_KNOWN))
        )
    choice = variant.options.get("comments") or account_comments(account)
    if choice not in COMMENTS:
        message = _('Comments cannot be "{choice}"; write off, all or fans.')
        yield Problem(code="option-value", message=message.format(choice=choice))
    for ratio in (WIDE, SQUARE):
        if ratio.option in variant.options and not _usable(variant.options[ratio.option]):
            message = _("The cover cannot be cut by {name}: {value}")
            yield Problem(
                code="option-value",
                message=message.format(name=ratio.option, value=variant.options[ratio.option]),
                hint=_(
                    "Write center, top, bottom, or four fractions of the picture from left and "
                    "top to right and bottom, e.g. 0_0.1_1_0.6."
                ),
            )


def _usable(choice: str) -> bool:
    if choice in PLACES:
        return True
    if not _BOX.fullmatch(choice):
        return False
    x1, y1, x2, y2 = (float(number) for number in choice.split("_"))
    return x1 < x2 and y1 < y2
