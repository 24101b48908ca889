"""Puts notices for one address into as few letters as its limit allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain import wording
from bot.domain.notices import OFFICE, Letter, Notice
from bot.domain.roster import Roster
from bot.i18n import _

_CUT = "…"


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A letter and the notices that are in it."""

    letter: Letter
    notices: tuple[Notice, ...]


def size(letter: Letter) -> int:
    """Its length in bytes, with the line break between title and text."""
    return len(letter.title.encode()) + 1 + len(letter.text.encode())


def pack(
    notices: Sequence[Notice], links: Mapping[str, str], roster: Roster, limit: int
) -> list[Packed]:
    """All notices in letters of at most `limit` bytes, party by party.

    `links`: task's id → where it is done. A single notice that is too long is cut at its end.
    """
    packed: list[Packed] = []
    open_: list[Notice] = []
    for notice in sorted(notices, key=lambda one: one.party):
        if open_ and size(_letter([*open_, notice], links, roster)) > limit:
            packed.append(_pack(open_, links, roster, limit))
            open_ = []
        open_.append(notice)
    if open_:
        packed.append(_pack(open_, links, roster, limit))
    return packed


def _pack(
    notices: Sequence[Notice], links: Mapping[str, str], roster: Roster, limit: int
) -> Packed:
    return Packed(letter=fit(_letter(notices, links, roster), limit), notices=tuple(notices))


def _letter(notices: Sequence[Notice], links: Mapping[str, str], roster: Roster) -> Letter:
    parties = list(dict.fromkeys(notice.party for notice in notices))
    if len(parties) == 1:
        title = _("To do: {party} ({count})").format(
            party=wording.party(parties[0], roster), count=len(notices)
        )
    else:
        title = _("To do: {units} units ({count})").format(units=len(parties), count=len(notices))
    groups = []
    for party in parties:
        mine = [_paragraph(one, links) for one in notices if one.party == party]
        if len(mine) > 1:
            mine = [f"{number}. {text}" for number, text in enumerate(mine, 1)]
        if len(parties) > 1:
            mine.insert(0, f"◆ {wording.party(party, roster)}")
        groups.append("\n".join(mine))
    return Letter(title=title, text="\n\n".join(groups))


def _paragraph(notice: Notice, links: Mapping[str, str]) -> str:
    link = links.get(notice.task.id, "") if notice.task else ""
    last = ""
    if link:
        last = _("Do it here: {link}").format(link=link)
    elif notice.task and notice.party not in OFFICE:
        last = _("Please tell the publicity office when it is done.")
    return "\n".join(filter(None, [notice.text, last]))


def fit(letter: Letter, limit: int) -> Letter:
    """The letter, its end cut off with "…" where it is longer than `limit` bytes."""
    over = size(letter) - limit
    if over <= 0:
        return letter
    kept = letter.text.encode()[: -(over + len(_CUT.encode()))]
    return Letter(title=letter.title, text=kept.decode("utf-8", "ignore").rstrip() + _CUT)
