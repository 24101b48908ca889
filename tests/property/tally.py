"""What a run of the machine survived, for the line at its end and for the soak's report."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

REPORT = "BOT_SOAK_REPORT"  # a file that gets the figures as JSON


class Tally:
    """Counts, by plain names."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.seeds: list[int] = []

    def add(self, name: str, number: int = 1) -> None:
        """Counts something that happened."""
        self.counts[name] += number

    def line(self) -> str:
        """All counts in one line."""
        return ", ".join(f"{number} {name}" for name, number in sorted(self.counts.items()))

    def report(self, topic: str) -> None:
        """Adds the figures to the report, if one is asked for."""
        place = os.environ.get(REPORT, "")
        if not place:
            return
        path = Path(place)
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        known[topic] = {"counts": dict(sorted(self.counts.items())), "seeds": self.seeds}
        path.write_text(json.dumps(known, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
