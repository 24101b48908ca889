"""The tables of the web desk: people, what they approved and did, and who is told by machine."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.ledger.tables import ID, Moment, metadata

people = Table(  # who may log in; never deleted, so that the record goes on naming them
    "people",
    metadata,
    Column("login", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("unit", String(64), nullable=False, server_default=""),  # of a liaison
    Column("levels", JSON, nullable=False),  # of a reviewer: first, second, final
    Column("password", Text, nullable=False, server_default=""),  # argon2; "" not set yet
    Column("subject", String(255), unique=True),  # who it is at the OpenID provider
    Column("made_at", Moment, nullable=False),
    Column("ended_at", Moment),  # NULL: may log in
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),  # of the cookie; the cookie itself is not kept
    Column("login", String(64), ForeignKey("people.login"), nullable=False, index=True),
    Column("made_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("address", Text, nullable=False),
)

invites = Table(  # one-time links with which a person sets a password
    "invites",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("login", String(64), ForeignKey("people.login"), nullable=False, index=True),
    Column("made_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("used_at", Moment),  # or made void by a newer one
    Column("by", Text, nullable=False),
)

attempts = Table(  # failed logins of the last hours, for the limit
    "attempts",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False, index=True),
    Column("login", String(64), nullable=False),
    Column("address", Text, nullable=False),
)

audit = Table(  # append-only: who did what at the desk or through the API
    "audit",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False, index=True),
    Column("by", String(64), nullable=False),  # a login, "token NAME", or "" nobody known
    Column("action", String(64), nullable=False),  # a fixed word, e.g. "post.saved"
    Column("subject", Text, nullable=False),  # what it was done to, e.g. a post's id
    Column("facts", JSON, nullable=False),
    Column("address", Text, nullable=False),
)
Index("ix_audit_subject", audit.c.subject)

approvals = Table(  # append-only: what reviewers said of one version of a post
    "approvals",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("post", String(64), ForeignKey("posts.id"), nullable=False),
    Column("content_hash", String(64), ForeignKey("contents.hash"), nullable=False),
    Column("level", String(16), nullable=False),
    Column("said", String(16), nullable=False),  # approved | refused
    Column("by", String(64), nullable=False),
    Column("deputy_of", String(64), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("at", Moment, nullable=False),
    CheckConstraint("level IN ('first','second','final')", name="level_known"),
    CheckConstraint("said IN ('approved','refused')", name="said_known"),
    Index("ix_approvals_post_content_hash", "post", "content_hash"),
)

deputies = Table(  # who may review in whose place, and how long
    "deputies",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("login", String(64), ForeignKey("people.login"), nullable=False),
    Column("deputy", String(64), ForeignKey("people.login"), nullable=False, index=True),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("by", String(64), nullable=False),
)

tokens = Table(  # keys of other programs
    "tokens",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("by", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("used_at", Moment),
    Column("ended_at", Moment),
)

webhooks = Table(  # programs that are told what happens
    "webhooks",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("events", JSON, nullable=False),  # fixed words
    Column("by", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("cursors", JSON, nullable=False, server_default="{}"),  # source -> last row looked at
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("webhook", ID, ForeignKey("webhooks.id"), nullable=False),
    Column("what", String(64), nullable=False),  # e.g. "event-12": each is told once
    Column("event", String(64), nullable=False),
    Column("body", JSON, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_at", Moment),
    Column("lease", String(64), nullable=False, server_default=""),
    Column("answer", Text, nullable=False, server_default=""),
    Column("done_at", Moment),
    UniqueConstraint("webhook", "what"),
    CheckConstraint("state IN ('waiting','sending','sent','failed')", name="state_known"),
    Index("ix_deliveries_state_next_at", "state", "next_at"),
)
