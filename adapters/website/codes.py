"""What a website refuses."""

from __future__ import annotations

from typing import Final

from bot.domain.rule import Group, table
from bot.i18n import N_

_MEANINGS: Final = {
    "website-empty": N_("Website: there is neither text nor picture."),
    "website-title": N_("Website: there is no title."),
    "website-file-type": N_("Website: a file is of a type the site does not take."),
    "website-site": N_("Website: the account does not say which site it is."),
    "website-option": N_("Website: an option is not known or has a wrong value."),
    "website-more": N_("Website: further articles are left out."),
}
_WARNINGS: Final = frozenset({"website-more"})

RULES: Final = table(Group.PLATFORM, _MEANINGS, _WARNINGS)
