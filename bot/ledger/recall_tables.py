"""The tables of recalls: orders to take a post back or to correct it, and what they come to."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.ledger.tables import ID, Moment, metadata

recalls = Table(  # orders to take a post back, or to bring it up to a corrected version
    "recalls",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("post", String(64), ForeignKey("posts.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # withdraw | correct
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("content_hash", String(64), nullable=False),  # in force then; a correction's aim
)

recall_steps = Table(  # what a recall comes to on one account; never deleted
    "recall_steps",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("recall", ID, ForeignKey("recalls.id"), nullable=False),
    Column("target", String(32), nullable=False),  # "p12" a publication, "i7" an item found by hand
    Column("account", String(64), ForeignKey("accounts.id"), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("publication", ID, ForeignKey("publications.id")),
    Column("item", ID, ForeignKey("items.id")),
    Column("how", String(8), nullable=False),  # auto: the bot's move | task: the liaison's
    Column("state", String(16), nullable=False),
    Column("version", String(64), nullable=False, server_default=""),  # which one it carried
    Column("made_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Moment),  # when the bot must look at it; NULL: a person, nobody, or a sweep
    Column("lease", String(64)),
    Column("error", JSON, nullable=False),
    Column("done_by", Text, nullable=False, server_default=""),
    Column("done_at", Moment),
    Column("evidence", JSON, nullable=False),
    UniqueConstraint("recall", "target"),
    CheckConstraint("state IN ('open','doing','done','failed','needless')", name="state_known"),
    CheckConstraint("state <> 'done' OR done_at IS NOT NULL", name="done_with_time"),
    Index("ix_recall_steps_state", "state"),
)

recall_events = Table(  # append-only: who did what when about a step
    "recall_events",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("step", ID, ForeignKey("recall_steps.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("name", String(32), nullable=False),
    Column("by", Text, nullable=False),  # "" the bot
    Column("facts", JSON, nullable=False),
)
