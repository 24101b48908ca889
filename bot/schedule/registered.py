"""Values only the roster has: whether an account reprints, and where a unit's liaison is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import BeforeValidator

from bot.domain.roster import ReprintPolicy
from bot.i18n import _
from bot.schedule.near import suggestion
from bot.schedule.values import refuse, to_text

USUAL: Final = "usual"  # the policy of columns that are not named
_MAIL: Final = re.compile(r"mailto:[^\s@:/?,;]+@[^\s@:/?,;]+\.[^\s@:/?,;]+")
_VARIABLE: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
_LEDGER: Final = "ledger"


@dataclass(frozen=True, kw_only=True)
class Policies:
    """What is to happen with key items: as a rule, and in columns that are named."""

    usual: ReprintPolicy | None = None  # None: nothing is said
    by_column: Mapping[str, ReprintPolicy] = field(default_factory=dict)

    def over(self, unit: Policies) -> Policies:
        """An account's policies where its unit has these: its own words win."""
        if self.usual is not None:
            return self
        return Policies(usual=unit.usual, by_column={**unit.by_column, **self.by_column})


def _reprinting(value: object) -> Policies:
    """Of `auto`, or of `{usual: auto, 通知: none}`."""
    if isinstance(value, Policies):
        return value
    if not isinstance(value, Mapping):
        return Policies(usual=_policy(to_text(value)))
    said = {name.strip(): _policy(to_text(word)) for name, word in value.items()}
    usual = said.pop(USUAL, None)
    return Policies(usual=usual, by_column=said)


def _policy(text: str) -> ReprintPolicy:
    try:
        return ReprintPolicy(text.strip())
    except ValueError:
        refuse(
            "unknown-value",
            _("“{text}” does not say whether it reprints.").format(text=text),
            suggestion(text, [policy.value for policy in ReprintPolicy]),
        )


def _contact(value: object) -> str:
    """The place, never a secret; a refused one is not repeated, since it may be one."""
    text = to_text(value).strip()
    if text == _LEDGER or _VARIABLE.fullmatch(text):
        return text
    if _MAIL.fullmatch(f"mailto:{text.removeprefix('mailto:')}"):
        return f"mailto:{text.removeprefix('mailto:')}"
    if "://" in text:
        return refuse(
            "contact-secret",
            _("The address of a robot stands in the roster; whoever reads it can write there."),
            _(
                "Put the address into an environment variable of the bot and write its name here, "
                "for example env:NOTIFY_U02; or write ledger here and store the address with "
                "`bot contacts set`. Then have the group make a new address: this one has been "
                "seen."
            ),
        )
    return refuse(
        "bad-contact",
        _("This does not say where the liaison is told."),
        _("Write mailto:name@example.cn, env:NAME of an environment variable, or ledger."),
    )


Reprinting = Annotated[Policies, BeforeValidator(_reprinting)]
Contact = Annotated[str, BeforeValidator(_contact)]
