"""All rules of content and calendar, run over the entries of all files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.domain.problem import Problem
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

    def all(self, entries: Sequence[Entry], roster: Roster) -> list[Problem]:
        """What is wrong with each entry, and between them."""
        looker = texts.usual()
        if self.words:
            looker = texts.Looker([Words("office-word", self.words).family])
        problems = [*check_keys(entries, roster), *check_embargoes(entries)]
        for entry in entries:
            post = entry.post
            problems += facts.check(post, entry.where, self.options.approved_sources)
            problems += looker.check(post, entry.where)
            if self.made_by_ai and not post.ai_generated:
                problems += origin.media(post, entry.where, self.made_by_ai)
            problems += times.check(entry, self.options, self.days)
        problems += slots.same_slot(slots.by_account(entries), self.options.slot)
        problems += slots.same_content(entries)
        problems += times.health_days(entries, self.options, self.days)
        return problems
