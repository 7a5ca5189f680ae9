"""Since when words are kept, so that they can have an end: by the database's clock; business time may be replayed."""

from alembic import op

from candor.store import retention

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    retention.create(op)
    # Null for open promises, which is what workers save all the time: those have no entry.
    op.execute("ALTER TABLE promise_state ADD words_since timestamptz")
    op.execute("UPDATE promise_state SET words_since = now() WHERE NOT live")
    op.execute("ALTER TABLE incident ADD words_since timestamptz DEFAULT now()")
    for table in ("promise_state", "incident"):
        op.execute(f"CREATE INDEX {table}_words ON {table} (words_since) WHERE words_since IS NOT NULL")
    op.execute("CREATE INDEX staff_session_began ON staff_session (began)")
    op.execute("CREATE INDEX used_link_until ON used_link (until)")
