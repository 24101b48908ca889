"""What 微信公众号 refuses."""

from __future__ import annotations

from typing import Final

from bot.domain.rule import Group, table
from bot.i18n import N_

_MEANINGS: Final = {
    "title-missing": N_("WeChat: there is no title."),
    "title-too-long": N_("WeChat: the title is too long."),
    "author-too-long": N_("WeChat: the author's name is too long."),
    "digest-too-long": N_("WeChat: the digest is too long."),
    "body-missing": N_("WeChat: there is no article text."),
    "body-too-long": N_("WeChat: the article is too long once it is laid out."),
    "cover-missing": N_("WeChat: there is no cover."),
    "cover-type": N_("WeChat: the cover is of a type it does not take."),
    "text-missing": N_("WeChat: a picture message has no text."),
    "text-too-long": N_("WeChat: the text of a picture message is too long."),
    "text-link": N_("WeChat: the text of a picture message has a link."),
    "gallery-alone": N_("WeChat: a picture message has further articles below it."),
    "too-many-pictures": N_("WeChat: a picture message has too many pictures."),
    "too-many-articles": N_("WeChat: a push has too many articles."),
    "picture-type": N_("WeChat: a file given as a picture is none."),
    "picture-unknown": N_("WeChat: the text shows a picture that is not in the folder."),
    "link-unusable": N_("WeChat: the link to the original is not taken."),
    "theme-unknown": N_("WeChat: the theme is not known."),
    "option-unknown": N_("WeChat: an option is not known."),
    "option-value": N_("WeChat: an option has a wrong value."),
    "account-option": N_("WeChat: an option of the account has a wrong value."),
    "raw-html": N_("WeChat: the text has HTML that readers would see."),
    "link-incomplete": N_("WeChat: a link in the text is not complete."),
}
_WARNINGS: Final = frozenset({"raw-html", "link-incomplete"})

RULES: Final = table(Group.PLATFORM, _MEANINGS, _WARNINGS)
