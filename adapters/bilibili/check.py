"""What bilibili would refuse, found before anything is sent; and the fields of a submission."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from adapters import pictures, videos
from adapters.bilibili.limits import COVER, DESC_CHARS, TAG_CHARS, TITLE_CHARS, VIDEO
from bot.domain import words
from bot.domain.post import Kind, Variant
from bot.domain.problem import Problem, Severity
from bot.domain.roster import Account
from bot.i18n import _

_TOPIC = re.compile(r"#([^#\s]+)#?")
# Options of a post or an account, and what they may be.
OPTIONS: Mapping[str, re.Pattern[str]] = {
    "tid": re.compile(r"[1-9]\d{0,8}"),
    "tags": re.compile(r"[^,]+(,[^,]+)*"),
    "copyright": re.compile(r"original|repost"),
    "source": re.compile(r".+"),
    "no_reprint": re.compile(r"yes|no"),
}


def choices(variant: Variant, account: Account) -> Mapping[str, str]:
    """The options that hold for this post: its own, else the account's."""
    return {**{k: v for k, v in account.options.items() if k in OPTIONS}, **variant.options}


def desc(variant: Variant) -> str:
    """The description as it is sent: the text, and the label of a reprint on its own line."""
    text = variant.text.strip()
    return f"{text}\n{variant.label}".strip() if variant.label else text


def tags(variant: Variant, chosen: Mapping[str, str]) -> str:
    """Tags by name, separated by commas: those chosen, else the topics of the text."""
    if chosen.get("tags"):
        return ",".join(name.strip() for name in chosen["tags"].split(","))
    return ",".join(dict.fromkeys(_TOPIC.findall(variant.text)))


def submission(variant: Variant, account: Account) -> dict[str, object]:
    """The fields of a submission, but for the cover."""
    chosen = choices(variant, account)
    by_kind = "repost" if variant.kind is Kind.REPRINT else "original"
    fields: dict[str, object] = {
        "title": variant.title.strip(),
        "tid": int(chosen.get("tid", "0")),
        "tag": tags(variant, chosen),
        "desc": desc(variant),
        "copyright": 2 if chosen.get("copyright", by_kind) == "repost" else 1,
        "no_reprint": 1 if chosen.get("no_reprint") == "yes" else 0,
    }
    if fields["copyright"] == 2:
        fields["source"] = chosen.get("source") or variant.link or variant.label
    return fields


def problems(variant: Variant, account: Account) -> Iterator[Problem]:
    """Everything the platform would refuse in this variant."""
    title = words.platform("bilibili")
    wrong = list(_options(variant, account))
    yield from wrong
    if variant.video is None:
        yield Problem(
            code="bilibili-video-missing",
            message=_("bilibili takes nothing without a video."),
            hint=_("Give the post a video, or take this account out of it."),
        )
    else:
        yield from videos.problems(variant.video, VIDEO, title)
    if variant.cover is None:
        yield Problem(
            code="bilibili-cover-missing",
            message=_("A bilibili video needs a cover."),
            hint=_("Give the post a cover picture, 1146×717 pixels is best."),
        )
    else:
        yield from pictures.problems(variant.cover, COVER, title)
    if not wrong:
        yield from _fields(variant, account)


def _options(variant: Variant, account: Account) -> Iterator[Problem]:
    for name, value in choices(variant, account).items():
        if name not in OPTIONS:
            yield Problem(
                code="bilibili-option",
                message=_('bilibili knows no option "{name}".').format(name=name),
                hint=_("Known are {names}.").format(names=", ".join(sorted(OPTIONS))),
            )
        elif not OPTIONS[name].fullmatch(value):
            yield Problem(
                code="bilibili-option",
                message=_('The option "{name}" cannot be "{value}".').format(
                    name=name, value=value
                ),
                hint=_("See the page of the platform for what it may be."),
            )


def _fields(variant: Variant, account: Account) -> Iterator[Problem]:
    fields = submission(variant, account)
    yield from _length("title", str(fields["title"]), TITLE_CHARS, _("title"))
    yield from _length("desc", str(fields["desc"]), DESC_CHARS, _("description"))
    yield from _length("tags", str(fields["tag"]), TAG_CHARS, _("list of tags"))
    if not fields["title"]:
        yield Problem(
            code="bilibili-title-missing",
            message=_("A bilibili video needs a title."),
            hint=_("Give the post a title."),
        )
    if not fields["tid"]:
        yield Problem(
            code="bilibili-tid-missing",
            message=_("It is not said in which partition (分区) of bilibili the video goes."),
            hint=_("Give the account or the post the option tid, e.g. 201 for 科学科普."),
        )
    if not fields["tag"]:
        yield Problem(
            code="bilibili-tags-missing",
            message=_("A bilibili video needs at least one tag."),
            hint=_("Write a topic such as #健康 in the text, or give the option tags."),
        )
    if "source" in fields and not fields["source"]:
        yield Problem(
            code="bilibili-source-missing",
            message=_("A reposted video must name its source on bilibili."),
            hint=_("Give the option source."),
        )
    if variant.ai_generated and not re.search("AI|人工智能", f"{fields['title']}{fields['desc']}"):
        yield Problem(
            code="bilibili-ai-label",
            message=_("AI-made content must say so, and bilibili's interface has no field for it."),
            hint=_('Add words such as "AI" to the bilibili text.'),
            severity=Severity.WARNING,
        )


def _length(name: str, text: str, limit: int, what: str) -> Iterator[Problem]:
    # How emoji count is not documented: the larger of code points and UTF-16 units decides.
    length = max(len(text), len(text.encode("utf-16-le")) // 2)
    if length > limit:
        yield Problem(
            code=f"bilibili-{name}-too-long",
            message=_("The {what} for bilibili has {length} characters.").format(
                what=what, length=length
            ),
            hint=_("Shorten it to at most {limit} characters.").format(limit=limit),
        )
