"""What is held until it is reviewed, for `bot plan`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from bot.cli.output import screen
from bot.domain import review_words
from bot.domain.review import Level
from bot.engine.unreviewed import Unreviewed
from bot.i18n import _

_NAMES = 6  # posts named in one line


def as_json(one: Unreviewed) -> dict[str, object]:
    """One of `unreviewed` in `bot plan --format json`."""
    return {
        "post": one.post,
        "levels": [level.value for level in one.levels],
        "publications": one.publications,
    }


def show(found: Sequence[Unreviewed]) -> None:
    """Prints a line for each set of levels that is missing."""
    kinds: dict[tuple[Level, ...], list[Unreviewed]] = {}
    for one in found:
        kinds.setdefault(one.levels, []).append(one)
    for levels, posts in sorted(kinds.items(), key=lambda item: [*Level].index(item[0][0])):
        line = _(
            "{levels} missing: {publications} publications of {posts} posts are held until then: "
            "{names}"
        ).format(
            levels=_(", ").join(review_words.level(level) for level in levels),
            publications=sum(one.publications for one in posts),
            posts=len(posts),
            names=_named([one.post for one in posts]),
        )
        screen.print(f"[yellow]{escape(line)}[/]")


def _named(posts: Sequence[str]) -> str:
    names = _(", ").join(posts[:_NAMES])
    if len(posts) <= _NAMES:
        return names
    return _("{names} and {more} more").format(names=names, more=len(posts) - _NAMES)
