"""What customers wished for and do not get yet, for their pages and letters."""

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE wish (wish_id text PRIMARY KEY, promise_id text NOT NULL, customer_id text NOT NULL, "
        "version bigint NOT NULL, state text NOT NULL, at timestamptz NOT NULL, public_text text NOT NULL, "
        "workaround text NOT NULL, look_again_on date NOT NULL, changed_at timestamptz NOT NULL DEFAULT now(), "
        "born bigint NOT NULL DEFAULT nextval('born'))"
    )
    op.execute("CREATE INDEX wish_promise ON wish (promise_id, look_again_on) WHERE promise_id <> ''")
    op.execute("CREATE INDEX wish_customer ON wish (customer_id, look_again_on)")
    op.execute("CREATE INDEX wish_changed ON wish (changed_at)")
