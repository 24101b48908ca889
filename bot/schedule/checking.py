"""All rules of content and calendar, run over the entries of all files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.domain.post import Post
from bot.domain.problem import Place, Problem
from bot.domain.roster import Roster
from bot.schedule.cross import check_embargoes, check_keys
from bot.schedule.days import Days
from bot.schedule.options import CheckOptions
from bot.schedule.posts import Entry
from bot.schedule.rules import facts, origin, slots, texts, times
from bot.schedule.rules.wording import Word, Words


@dataclass(frozen=True, kw_only=True)
class Checks:
    """The rules with all they need to know."""

    options: CheckOptions
    days: Days
    words: Sequence[Word] = ()  # the office's own
    made_by_ai: Collection[str] = ()  # media whose own label says so

    def all(
        self, entries: Sequence[Entry], roster: Roster, *, only: str | None = None
    ) -> list[Problem]:
        """What is wrong with each entry (or with that of the post `only`), and between them."""
        looker = self._looker()
        problems = [*check_keys(entries, roster), *check_embargoes(entries)]
        for entry in entries:
            post = entry.post
            if only not in (None, post.id):
                continue
            problems += facts.check(post, entry.where, self.options.approved_sources)
            problems += looker.check(post, entry.where)
            if self.made_by_ai and not post.ai_generated:
                problems += origin.media(post, entry.where, self.made_by_ai)
            problems += times.check(entry, self.options, self.days)
        problems += slots.same_slot(slots.by_account(entries), self.options.slot)
        problems += slots.same_content(entries)
        problems += times.health_days(entries, self.options, self.days)
        return problems

    def standing(self, post: Post) -> list[Problem]:
        """What is wrong with a post's words and grounds, whatever file it once stood in."""

        def where(_field: str, _piece: str, _skip: int) -> Place:
            return post.place

        found = facts.check(post, where, self.options.approved_sources)
        return [*found, *self._looker().check(post, where)]

    def _looker(self) -> texts.Looker:
        if not self.words:
            return texts.usual()
        return texts.Looker([Words("office-word", self.words).family])
