"""What customers answer on their pages."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE answer (answer_id text PRIMARY KEY, seq bigint GENERATED ALWAYS AS IDENTITY, "
        "promise_id text NOT NULL, customer_id text NOT NULL, link_id text NOT NULL, form text NOT NULL UNIQUE, "
        "kind text NOT NULL, choice text NOT NULL, words text NOT NULL, words_since timestamptz, "
        "at timestamptz NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp(), "
        "born bigint NOT NULL DEFAULT nextval('born'))"
    )
    op.execute("CREATE INDEX answer_promise ON answer (promise_id, seq)")
    op.execute("CREATE INDEX answer_customer ON answer (customer_id, seq)")
    op.execute("CREATE INDEX answer_link ON answer (link_id, created_at)")
    op.execute("CREATE INDEX answer_seq ON answer (seq)")
    op.execute("CREATE INDEX answer_words ON answer (words_since) WHERE words_since IS NOT NULL")
