"""Since when words are kept, so that they can have an end: by the database's clock; business time may be replayed."""

from alembic import op

from candor.store import retention

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    retention.create(op, log_kept=True)
    for table, column in (("milestone", "saved_at"), ("sighting", "saved_at"), ("incident", "words_since")):
        op.execute(f"ALTER TABLE {table} ADD {column} timestamptz DEFAULT now()")
    # Most reports say no reason, and have no entry.
    op.execute(
        "CREATE INDEX milestone_words ON milestone (saved_at) WHERE reason IS NOT NULL OR public_reason IS NOT NULL"
    )
    op.execute("CREATE INDEX sighting_saved ON sighting USING brin (saved_at) WITH (pages_per_range = 32)")
    op.execute(
        "CREATE INDEX incident_words ON incident (words_since) WHERE words_since IS NOT NULL AND status = 'resolved'"
    )
