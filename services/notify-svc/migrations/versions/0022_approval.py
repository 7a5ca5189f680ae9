"""Letters that wait for a person: why, since when and until when, who decided, and what was said by phone instead."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE notice ADD awaits text NOT NULL DEFAULT '', ADD wording text NOT NULL DEFAULT '', "
        "ADD approved_by text NOT NULL DEFAULT '', ADD approved_at timestamptz, "
        "ADD edited_by text NOT NULL DEFAULT '', ADD waits_since timestamptz, ADD snoozed_until timestamptz, "
        "ADD escalated int NOT NULL DEFAULT 0, ADD withheld_for text NOT NULL DEFAULT '', "
        "ADD taken_by text NOT NULL DEFAULT '', ADD taken_until timestamptz"
    )
    op.execute("CREATE INDEX notice_awaits ON notice (seq) WHERE state = 'pending' AND reason = 'awaits_approval'")
    op.execute("CREATE INDEX notice_withheld ON notice (promise_id) WHERE reason = 'withheld'")
    op.execute(
        "CREATE TABLE wording (wording text PRIMARY KEY, approved_by text NOT NULL, "
        "approved_at timestamptz NOT NULL DEFAULT now())"
    )
    op.execute(
        "CREATE TABLE phone_call (call_id text PRIMARY KEY, seq bigint GENERATED ALWAYS AS IDENTITY, "
        "promise_id text NOT NULL, customer_id text NOT NULL, notice_id text NOT NULL, staff text NOT NULL, "
        "said text NOT NULL, answered text NOT NULL, words_since timestamptz NOT NULL DEFAULT now(), "
        "at timestamptz NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp(), "
        "born bigint NOT NULL DEFAULT nextval('born'))"
    )
    op.execute("CREATE INDEX phone_call_customer ON phone_call (customer_id, at)")
    op.execute("CREATE INDEX phone_call_promise ON phone_call (promise_id)")
    op.execute("CREATE INDEX phone_call_words ON phone_call (words_since)")
