"""A publication's history in words, for a table of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bot.cli.output import local
from bot.domain import history_words


def facts(found: Mapping[str, Any], zone: ZoneInfo) -> str:
    """An event's facts: reasons, times, links, people, how often."""
    return history_words.facts(found, lambda moment: local(moment, zone))
