"""What customers are offered and answer on their pages, and what became of the next updates that messages named."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE answer (answer_id text PRIMARY KEY, seq bigint GENERATED ALWAYS AS IDENTITY, "
        "promise_id text NOT NULL, customer_id text NOT NULL, link_id text NOT NULL, form text NOT NULL UNIQUE, "
        "kind text NOT NULL, choice text NOT NULL, offer_id text NOT NULL DEFAULT '', "
        "words text NOT NULL, words_since timestamptz, "
        "at timestamptz NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp(), "
        "born bigint NOT NULL DEFAULT nextval('born'))"
    )
    op.execute("CREATE INDEX answer_promise ON answer (promise_id, seq)")
    op.execute("CREATE INDEX answer_customer ON answer (customer_id, seq)")
    op.execute("CREATE INDEX answer_link ON answer (link_id, created_at)")
    op.execute("CREATE INDEX answer_seq ON answer (seq)")
    op.execute("CREATE INDEX answer_words ON answer (words_since) WHERE words_since IS NOT NULL")
    op.execute("ALTER TABLE notice ADD update_state text NOT NULL DEFAULT ''")
    op.execute(
        "CREATE INDEX notice_update_due ON notice (next_update_by) "
        "WHERE audience = 'customer' AND state = 'sent' AND update_state = ''"
    )
    op.execute("CREATE INDEX answer_offer ON answer (offer_id) WHERE offer_id <> ''")
    op.execute(
        "CREATE TABLE offer (offer_id text PRIMARY KEY, promise_id text NOT NULL, customer_id text NOT NULL, "
        "version bigint NOT NULL, state text NOT NULL, at timestamptz NOT NULL, options jsonb NOT NULL, "
        "changed_at timestamptz NOT NULL DEFAULT now(), born bigint NOT NULL DEFAULT nextval('born'))"
    )
    op.execute("CREATE INDEX offer_promise ON offer (promise_id, at)")
    op.execute("CREATE INDEX offer_customer ON offer (customer_id)")
    op.execute("CREATE INDEX offer_changed ON offer (changed_at)")
