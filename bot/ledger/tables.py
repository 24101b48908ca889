"""The ledger's tables, but for recalls and the desk (recall_tables.py, desk_tables.py).

A test holds all of them equal to all migrations together.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from bot.clock import check_aware
from bot.domain.publication import MAX_COMMITS

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; a naive one is refused rather than guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else check_aware(value).astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        # SQLite hands back naive values; they were written in UTC.
        if value is None or value.tzinfo is UTC:
            return value
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only in INTEGER keys


def _partial(name: str, *columns: Column[Any], where: ColumnElement[bool], **how: Any) -> None:
    """An index of the few rows for which `where` holds."""
    Index(name, *columns, sqlite_where=where, postgresql_where=where, **how)


units = Table(
    "units",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("short", Text, nullable=False),
    Column("regime", String(32), nullable=False),
    Column("intro", Text, nullable=False),
    Column("liaison", Text, nullable=False),
    Column("contacts", JSON, nullable=False),
    Column("reprint", String(16)),
    Column("reprint_in", JSON, nullable=False),
    Column("opened", Date),
    Column("changed", Date),
    Column("closed", Date),
    Column("merged_into", String(64), nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("unit", String(64), ForeignKey("units.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("platform", String(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("verified_name", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("filing", Text, nullable=False),
    Column("flagship", Boolean, nullable=False),
    Column("reprint", String(16), nullable=False),
    Column("reprint_in", JSON, nullable=False),
    Column("mode", String(32), nullable=False),
    Column("push", Boolean, nullable=False),
    Column("credential", Text, nullable=False),
    Column("opened", Date),
    Column("changed", Date),
    Column("closed", Date),
    Column("filed", Date),
    Column("verified_until", Date),
    Column("whitelisted", Boolean),
    Column("options", JSON, nullable=False),
    Column("paused", Text, nullable=False, server_default=""),  # why; "" while it works
    Column("read_from", Moment),  # its items are known from here …
    Column("read_until", Moment),  # … up to here; NULL: never read
    Column("tried_at", Moment),  # when reading it was last begun
    Column("swept_at", Moment),  # when all of its last days was last read again
    Column("read_gaps", JSON, nullable=False, server_default="[]"),  # [from, to] within, unread
    Column("read_error", Text, nullable=False, server_default=""),
)

register = Table(  # append-only: what was said of a unit or account, and from when it counts
    "register",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),  # unit | account
    Column("subject", String(64), nullable=False),
    Column("since", Moment, nullable=False),
    Column("facts", JSON, nullable=False),  # what is other than before; the first has all
    Column("replaces", ID),  # an entry that was given with the wrong day
    Column("noted_at", Moment, nullable=False),
    Column("by", Text, nullable=False),
)

profiles = Table(  # what a platform said last of an account
    "profiles",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("said", JSON, nullable=False),
    Column("as_of", Moment, nullable=False),
)

differences = Table(  # where roster and platform do not agree, and who decided what; never deleted
    "differences",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False),  # an account, or who authorised us and is none
    Column("field", String(32), nullable=False),  # as in the roster; "account": it is not there
    Column("ours", Text, nullable=False),
    Column("theirs", Text, nullable=False),
    Column("facts", JSON, nullable=False),  # of who is not there: what its row would say
    Column("state", String(16), nullable=False),  # open | taken | refused | settled
    Column("noted_at", Moment, nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("by", Text, nullable=False, server_default=""),
    Column("decided_at", Moment),
    Index("ix_differences_state", "state"),
)

posts = Table(
    "posts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("column", Text, nullable=False),
    Column("topic", String(32), nullable=False),
    Column("file", Text, nullable=False),
    Column("line", Integer),
    Column("key_item", Boolean, nullable=False),
    Column("deadline_at", Moment),
    Column("spread_s", Integer, nullable=False, server_default="0"),
    Column("must", JSON, nullable=False, server_default="[]"),  # units; []: all but `may`
    Column("may", JSON, nullable=False, server_default="[]"),
    Column("first_release_at", Moment),  # when the flagship's own post became public
    Column("removed", Boolean, nullable=False, server_default="0"),
    # Rules, versions and terms the stored items were last compared under; "" for not yet.
    Column("compared", Text, nullable=False, server_default=""),
    Index("ix_posts_key_item_due_at", "key_item", "due_at"),
)

contents = Table(  # every version of a post that was ever planned; never changed, never deleted
    "contents",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("post", String(64), nullable=False, index=True),
    Column("body", JSON, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("post", String(64), ForeignKey("posts.id"), nullable=False),
    Column("account", String(64), ForeignKey("accounts.id"), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("method", String(16), nullable=False),
    Column("key", String(64), nullable=False, unique=True),
    Column("by_hand", Boolean, nullable=False),
    Column("needs_acceptance", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("due_at", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("not_before", Moment),  # embargo
    Column("offset_s", Integer, nullable=False, server_default="0"),
    Column("content_hash", String(64), ForeignKey("contents.hash"), nullable=False),
    Column("next_at", Moment),
    Column("lease", String(64)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("commits", Integer, nullable=False, server_default="0"),
    Column("finds", Integer, nullable=False, server_default="0"),
    Column("committed_at", Moment),
    Column("doubt_since", Moment),
    Column("cleared_at", Moment),
    Column("withdrawn", String(16), nullable=False, server_default=""),  # by whom: a fixed word
    Column("wanted", JSON, nullable=False, server_default="{}"),
    Column("paid", String(16), nullable=False, server_default=""),
    Column("checkpoint", JSON, nullable=False),
    Column("pending", JSON, nullable=False),
    Column("accepted_by", Text, nullable=False, server_default=""),
    Column("platform_id", Text, nullable=False, server_default=""),
    Column("url", Text, nullable=False, server_default=""),
    Column("published_at", Moment),
    Column("error", JSON, nullable=False),
    Column("fallback", String(32), nullable=False, server_default=""),
    Column("changed_hash", String(64), nullable=False, server_default=""),
    UniqueConstraint("post", "account"),
    CheckConstraint(f"commits <= {MAX_COMMITS}", name="commits_capped"),
    CheckConstraint(
        "state <> 'published' OR (published_at IS NOT NULL AND (platform_id <> '' OR url <> ''))",
        name="published_with_proof",
    ),
    CheckConstraint(
        "state IN ('planned','held','queued','sending','unknown','pending','waiting','handed_off',"
        "'published','failed','missed','cancelled')",
        name="state_known",
    ),
    Index("ix_publications_due_at", "due_at"),
    # A year's coverage reads this instead of the rows: bot/ledger/answers.py.
    Index("ix_publications_coverage", "post", "published_at", "state", "account"),
    Index("ix_publications_account_state", "account", "state"),
)
# Finding due work costs what is due, not what was ever recorded.
_NEXT_AT = publications.c.next_at
_partial("ix_publications_next_at", _NEXT_AT, where=_NEXT_AT.is_not(None))

events = Table(  # append-only; replaying `to_state` gives every publication's state
    "events",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("publication", ID, ForeignKey("publications.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("name", String(64), nullable=False),
    Column("from_state", String(16), nullable=False),
    Column("to_state", String(16), nullable=False),
    Column("facts", JSON, nullable=False),
)

items = Table(  # what accounts really show, by whomever posted
    "items",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("account", String(64), ForeignKey("accounts.id"), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("platform_id", Text, nullable=False),
    Column("push_id", Text, nullable=False, server_default=""),
    Column("url", Text, nullable=False, server_default=""),
    Column("title", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("source_url", Text, nullable=False, server_default=""),
    Column("repost_of", Text, nullable=False, server_default=""),
    Column("notified", Boolean, nullable=False, server_default="0"),
    Column("kind", String(16), nullable=False),
    Column("column", Text, nullable=False, server_default=""),
    Column("by_bot", Boolean, nullable=False),
    Column("publication", ID, ForeignKey("publications.id"), index=True),
    Column("published_at", Moment, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("deleted_at", Moment),  # when it was first seen to be gone
    Column("vanished", Boolean, nullable=False, server_default="0"),  # told by its absence alone
    # Version of its sketch; 0 until its text has one (bot/engine/rematching.py).
    Column("sketched", Integer, nullable=False, server_default="0"),
    UniqueConstraint("account", "platform_id"),
    Index("ix_items_published_at_account", "published_at", "account"),
    Index("ix_items_account_published_at", "account", "published_at"),
    Index("ix_items_url", "url"),  # is a receipt's link among them already?
    Index("ix_items_sketched", "sketched"),
)

sketches = Table(  # finds candidates among all items' texts; made from `items`, and again if lost
    "sketches",
    metadata,
    Column("hash", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),  # of publication, since 1970
    # Not a foreign key: it would cost a look-up for each of an item's thirty hashes.
    Column("item", ID, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,  # the key is the whole row: half the space, and one look-up less
)
# Few are ever deleted; coverage asks for all of them.
_partial("ix_items_deleted", items.c.id, items.c.publication, where=items.c.deleted_at.is_not(None))

verdicts = Table(  # never overwritten, only superseded
    "verdicts",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("item", ID, ForeignKey("items.id"), nullable=False, index=True),
    Column("post", String(64), ForeignKey("posts.id"), nullable=False),
    Column("account", String(64), nullable=False),
    Column("published_at", Moment, nullable=False),  # the item's, so that coverage need not look
    Column("at", Moment, nullable=False),
    Column("level", String(1), nullable=False),  # A pointer, B declared, C text, D weak
    Column("decision", String(16), nullable=False),  # reprinted | doubtful | no
    Column("rule", String(32), nullable=False),
    Column("form", String(8), nullable=False, server_default=""),  # full, cut, excerpt, …
    Column("rule_version", Integer, nullable=False),
    Column("source_ok", Boolean, nullable=False),
    Column("scores", JSON, nullable=False),
    Column("passages", JSON, nullable=False),
    Column("content_hash", String(64), nullable=False, server_default=""),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),  # a person's, in their own words
    Column("superseded", Boolean, nullable=False, server_default="0"),
    Index(
        "ix_verdicts_coverage",
        *("post", "superseded", "decision", "published_at", "account", "item"),
    ),
)

stats = Table(
    "stats",
    metadata,
    Column("item", ID, ForeignKey("items.id"), primary_key=True),
    Column("as_of", Moment, primary_key=True),
    Column("reads", BigInteger),
    Column("likes", BigInteger),
    Column("shares", BigInteger),
    Column("comments", BigInteger),
)

handles = Table(  # links by which a task is done without an account of one's own
    "handles",
    metadata,
    Column("nonce", String(32), primary_key=True),
    Column("task", String(64), nullable=False, index=True),
    Column("unit", String(64), nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),  # NULL: still good; one use ends all links of the task
    Column("used_for", String(16), nullable=False, server_default=""),  # a fixed word
    Column("used_from", String(64), nullable=False, server_default=""),  # "": ended with another
)

exemptions = Table(  # ended, never deleted: an old report can be made again
    "exemptions",
    metadata,
    Column("post", String(64), ForeignKey("posts.id"), primary_key=True),
    Column("unit", String(64), ForeignKey("units.id"), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),  # "calendar", or who granted it
    Column("ended_at", Moment),  # NULL: in force
    Column("ended_by", Text, nullable=False, server_default=""),
)
_partial(
    "ix_exemptions_in_force",
    exemptions.c.post,
    exemptions.c.unit,
    unique=True,
    where=exemptions.c.ended_at.is_(None),
)

credentials = Table(
    "credentials",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("sealed", LargeBinary),  # Fernet, the key is elsewhere; NULL: none is kept here
    Column("version", Integer, nullable=False, server_default="0"),  # counts changes of `sealed`
    Column("entered_at", Moment),  # when a person gave it; a refresh leaves this as it is
    Column("expires_at", Moment),  # a person must authorise again before; NULL: no end is known
    Column("refused", Text, nullable=False, server_default=""),  # why it is not prolonged any more
    Column("refreshing_by", String(64)),  # who alone may refresh it …
    Column("refreshing_until", Moment),  # … at the longest until then
    Column("updated_at", Moment, nullable=False),
)

usage = Table(  # quota spent per account, action and period
    "usage",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("action", String(32), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("start", Moment, primary_key=True),
    Column("used", Integer, nullable=False),
)

controls = Table(  # switches for the whole matrix, e.g. "freeze" 静默期
    "controls",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("on", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

imports = Table(  # append-only: files with what a platform gives by export only
    "imports",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("file", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("account", String(64), ForeignKey("accounts.id"), nullable=False, index=True),
    Column("mapping", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("covers_from", Moment),  # all that the account posted from here …
    Column("covers_until", Moment),  # … up to here is in the file; NULL: nobody said so
)

_NOTICE_STATES = "'waiting','sending','sent','unclear','dropped','failed'"
notices = Table(  # what was told to whom, each thing once; never deleted
    "notices",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("what", String(96), nullable=False),  # a task's id, "post-ID" or "account-ID"
    Column("party", String(64), nullable=False),  # a unit's id, or "@managers", "@officer", …
    Column("stage", String(64), nullable=False),
    Column("address", String(255), nullable=False),  # a reference; never the address itself
    Column("state", String(16), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),  # pointless after that
    Column("next_at", Moment, nullable=False),  # waiting: not before; sending: end of the lease
    Column("lease", String(64), nullable=False, server_default=""),  # names the letter it went in
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("told_at", Moment),  # when it was last sent, or tried
    Column("text", Text, nullable=False, server_default=""),  # as it was sent, without the link
    Column("answer", Text, nullable=False, server_default=""),
    UniqueConstraint("what", "party", "stage", "address"),
    CheckConstraint(f"state IN ({_NOTICE_STATES})", name="state_known"),
    Index("ix_notices_state", "state"),
)
