"""What customers are asked about their need, and which of it they answered on their pages."""

from alembic import op

revision = "0030"
down_revision = "0028"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE clarification (clarification_id text PRIMARY KEY, promise_id text NOT NULL, "
        "customer_id text NOT NULL, version bigint NOT NULL, state text NOT NULL, at timestamptz NOT NULL, "
        "question text NOT NULL, changed_at timestamptz NOT NULL DEFAULT now(), "
        "born bigint NOT NULL DEFAULT nextval('born'))"
    )
    op.execute("CREATE INDEX clarification_promise ON clarification (promise_id, at)")
    op.execute("CREATE INDEX clarification_customer ON clarification (customer_id)")
    op.execute("CREATE INDEX clarification_changed ON clarification (changed_at)")
    op.execute("ALTER TABLE answer ADD clarification_id text NOT NULL DEFAULT ''")
    op.execute("CREATE INDEX answer_clarification ON answer (clarification_id) WHERE clarification_id <> ''")
