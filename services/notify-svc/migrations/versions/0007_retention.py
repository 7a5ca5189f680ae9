"""Since when words are kept, so that they can have an end; the first log of what staff did joins the one of all."""

from alembic import op

from candor.store import retention

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    retention.create(op)
    op.execute("ALTER TABLE notice ADD words_since timestamptz DEFAULT now()")
    op.execute("CREATE INDEX notice_words ON notice (words_since) WHERE words_since IS NOT NULL")
    op.execute("CREATE INDEX delivery_recipient ON delivery (created_at) WHERE recipient <> ''")
    # Null while the promise is open: what is saved for each of its gaps pays nothing.
    op.execute("ALTER TABLE promise ADD words_since timestamptz")
    op.execute(
        """
UPDATE promise SET words_since = now() WHERE gap->>'standing' <> 'open' OR (promise->>'historical')::bool
  OR (promise->>'withdrawn')::bool"""
    )
    op.execute("CREATE INDEX promise_words ON promise (words_since) WHERE words_since IS NOT NULL")
    op.execute(
        """
INSERT INTO audit_log (at, who, role, place, action, object, outcome)
SELECT at, who, '', '', action, subject, detail FROM audit ORDER BY id"""
    )
    op.execute("DROP TABLE audit")
