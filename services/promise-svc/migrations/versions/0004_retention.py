"""Since when words are kept, so that they can have an end: by the database's clock; business time may be replayed."""

from alembic import op

from candor.store import retention

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    retention.create(op, log_kept=True)
    for table in ("promise", "change", "customer"):
        op.execute(f"ALTER TABLE {table} ADD words_since timestamptz DEFAULT now()")
    # BRIN where rows lie in the order in which they were written: making a promise pays nothing for it.
    op.execute("CREATE INDEX promise_words ON promise USING brin (words_since) WITH (pages_per_range = 32)")
    op.execute("CREATE INDEX change_words ON change USING brin (words_since) WITH (pages_per_range = 32)")
    op.execute(
        "CREATE INDEX customer_contact ON customer (customer_id) "
        "WHERE sealed IS NOT NULL AND customer_id NOT LIKE 'staff/%'"
    )
