"""Alembic's entry: works on the connection it is handed (bot/ledger/store.py)."""

from typing import Any, Literal

from alembic import context

from bot.ledger.desk_tables import people
from bot.ledger.recall_tables import recalls
from bot.ledger.tables import Moment

(_metadata,) = {people.metadata, recalls.metadata}  # holds what modules with tables are loaded


def _render(kind: str, item: Any, _autogen: object) -> str | Literal[False]:
    # A migration must not change when our types do, so it names the plain SQL type.
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=_metadata,
    render_as_batch=True,
    render_item=_render,
)
context.run_migrations()
