"""The two laws and what follows from them, checked against the ledger and the platforms' record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.domain.publication import MAX_COMMITS, Publication, Role, State, owed_by
from bot.ledger import publications
from bot.ledger.store import Ledger
from bot.ledger.tables import events as event_table
from tests.bot.engine.world import START, Data
from tests.property.district import NAME, District

# The calls that can make something public; one for each grant at the most.
PUBLISHING = (
    "freepublish/submit",
    "message/mass/sendall",
    "statuses/share",
    "create_video",
)
_OFF = frozenset({"publication.cancelled", "publication.called_off"})
# After these it is wanted again: by the calendar, or by a person.
_ON_AGAIN = frozenset(
    {
        "publication.restored",
        "publication.replanned",
        "publication.looked_for_again",
        "publication.wish_noted",
        "publication.changed_after_publishing",
    }
)
_NEXT_MOVE_IS_OURS = frozenset({Role.CLOCK, Role.BOT, Role.PLATFORM})
# Of a public post the ledger says one of these; of the last three it says whom to ask.
_ACCOUNTED = frozenset({State.PUBLISHED, State.FAILED, State.UNKNOWN})


@dataclass
class Life:
    """One publication's events so far."""

    state: str = ""
    off: str = ""  # why it shall not go out; "" while it is wanted
    granted: int = 0
    events: list[Data] = field(default_factory=list)

    def add(self, event: Data) -> None:
        """Takes the next event in; fails when it does not follow from those before."""
        self.events.append(event)
        assert event["from_state"] == self.state, f"a gap before {event}:\n{self}"
        self.state = event["to_state"]
        if event["name"] in _OFF:
            self._switch_off(event)
        elif event["name"] == "publication.retried" or (
            event["name"] in _ON_AGAIN and self.off == "removed"
        ):
            self.off = ""
        elif event["name"] == "publication.granted":
            self.granted += 1
            assert not self.off, f"sent although {self.off} before:\n{self}"

    def _switch_off(self, event: Data) -> None:
        # A person's word stands, whatever the calendar says after it.
        if self.off in {"", "removed"}:
            self.off = event["facts"]["reason"]

    def __str__(self) -> str:
        return "\n".join(
            f"  {event['id']:>4} {event['at']:%d %H:%M:%S} {event['name']:<36}"
            f" {event['from_state']:>10} → {event['to_state']:<10} {_short(event['facts'])}"
            for event in self.events
        )


def _short(facts: Data) -> str:
    return " ".join(f"{name}={str(value)[:60]}" for name, value in facts.items() if value)


@dataclass
class Freeze:
    """Between these events nothing may be granted; `until` None: it lasts."""

    after: int
    until: int | None = None


class Laws:
    """What was seen of one example, and what must hold in it."""

    def __init__(self, district: District) -> None:
        self._district = district
        self._ledger: Ledger = district.ledger
        self.lives: dict[int, Life] = {}
        self.pubs: list[Publication] = []
        self.posts: list[Data] = []
        self.last_event = 0
        self.freezes: list[Freeze] = []
        self.pardoned: set[tuple[str, str]] = set()  # a person was told wrongly, by a platform

    def look(self) -> None:
        """Reads ledger and platforms anew and checks all that must hold at any moment."""
        stage, loop = self._district.stage, self._district.platforms.loop
        rows = stage.finish(loop, self._read())
        for row in rows:
            self.last_event = row["id"]
            self.lives.setdefault(row["publication"], Life()).add(row)
            self._check_freeze(row)
        self.posts = [post for post in self._district.platforms.posts() if post["via"] == "api"]
        for pub in self.pubs:
            self._check_row(pub)
        self._check_public()
        self._check_calls()

    async def _read(self) -> list[Data]:
        async with self._ledger.read() as conn:
            self.pubs = await publications.search(conn)
            query = select(event_table).where(event_table.c.id > self.last_event)
            found: list[Any] = list(await conn.execute(query.order_by(event_table.c.id)))
        return [dict(row._mapping) for row in found]

    def _check_freeze(self, row: Data) -> None:
        if row["name"] != "publication.granted":
            return
        for one in self.freezes:
            beyond = one.until is not None and row["id"] > one.until
            assert row["id"] <= one.after or beyond, f"granted during a freeze: {row}"

    def _check_row(self, pub: Publication) -> None:
        life = self.lives[pub.id]
        assert life.state == pub.state.value, f"{pub}\n{life}"
        role = owed_by(pub.state, pub.reason, pub.next_at)
        over = pub.state in {State.PUBLISHED, State.CANCELLED}
        assert (role is Role.NOBODY) == over, f"nobody owes {pub}\n{life}"
        if role in _NEXT_MOVE_IS_OURS:
            assert pub.next_at is not None, f"{role} has no time: {pub}\n{life}"
        if pub.state is State.HELD:
            assert pub.next_at is not None, f"a hold without an end: {pub}\n{life}"
        assert pub.commits <= MAX_COMMITS, f"{pub}\n{life}"
        assert pub.commits <= life.granted, f"{pub}\n{life}"

    def _check_public(self) -> None:
        shown = Counter(of(post) for post in self.posts if post["published_at"] is not None)
        for key, count in shown.items():
            assert count == 1 or key in self.pardoned, (
                f"{count} public posts of {key}:\n{self.story(key)}"
            )

    def _check_calls(self) -> None:
        by_path = self._district.platforms.ask("GET", "requests")["by_path"]
        called = sum(n for path, n in by_path.items() if any(p in path for p in PUBLISHING))
        granted = sum(life.granted for life in self.lives.values())
        assert called <= granted, f"{called} publishing calls, {granted} grants: {by_path}"

    def story(self, key: tuple[str, str]) -> str:
        """All that is known of one publication."""
        pub = next((pub for pub in self.pubs if (pub.post, pub.account) == key), None)
        posts = "\n".join(f"  {post}" for post in self.posts if of(post) == key)
        return f"{pub}\n{self.lives[pub.id] if pub else ''}\n{posts}"

    def everything(self) -> str:
        """All that is known of all that is not over."""
        return "\n".join(
            self.story((pub.post, pub.account)) for pub in self.pubs if pub.next_at is not None
        )

    # ── at the end ────────────────────────────────────────────────────────────────────────────

    def settle(self) -> None:
        """Ledger and platforms agree one to one, and nobody waits for the bot any more."""
        self.look()
        public = {of(post): post for post in self.posts if post["published_at"] is not None}
        now = START + timedelta(seconds=self._district.stage.now_s)
        known = {(pub.post, pub.account): pub for pub in self.pubs}
        for key in public:
            self._check_accounted(known[key])
        for key, pub in known.items():
            if pub.state is State.PUBLISHED and pub.commits:
                assert key in public, f"published, and nobody sees it:\n{self.story(key)}"
            late = pub.next_at is not None and pub.next_at <= now
            assert not late, f"overdue and not worked on:\n{self.story(key)}"
            assert pub.state not in {State.QUEUED, State.SENDING}, self.story(key)
        self._check_budgets()

    def _check_accounted(self, pub: Publication) -> None:
        story = self.story((pub.post, pub.account))
        assert pub.state in _ACCOUNTED, f"public, and the ledger does not know:\n{story}"
        if pub.state is State.UNKNOWN:
            assert pub.next_at is None, f"public, and still looked for:\n{story}"
        if pub.state is State.FAILED:
            assert pub.reason == "gone", f"public, and the ledger says refused:\n{story}"

    def _check_budgets(self) -> None:
        for account in self._district.accounts:
            platform = self._district.account(account).platform
            answer = self._district.platforms.ask(
                "GET", f"quota?platform={platform}&account={account}"
            )
            for name, one in answer["quota"].items():
                assert one["limit"] is None or one["used"] <= one["limit"], (account, name, one)


def of(post: Data) -> tuple[str, str]:
    """The publication a public post belongs to, by the name in its title or text."""
    found = NAME.search(f"{post['title']} {post['text']}")
    assert found is not None, f"whose is this? {post}"
    return found.group(1), post["account"]
