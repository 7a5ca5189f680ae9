"""The owner inside the company is told before the customer: two audiences, one table of messages."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


_STATEMENTS = (
    """
ALTER TABLE notice
  ADD audience text NOT NULL DEFAULT 'customer',
  ADD addressee text NOT NULL DEFAULT '',
  ADD ahead_of text,
  ADD owner text NOT NULL DEFAULT 'no_owner',
  ADD owner_wait_until timestamptz,
  ADD traceparent text NOT NULL DEFAULT ''""",
    "UPDATE notice SET addressee = customer_id",
    "CREATE INDEX notice_addressee ON notice (addressee, decided_at)",
    "CREATE INDEX notice_ahead ON notice (ahead_of)",
    # An owner may hear twice of what the customer hears once: the customer's word can change before it goes out.
    "DROP INDEX notice_once",
    """
CREATE UNIQUE INDEX notice_once ON notice (promise_id, episode, statement)
  WHERE statement <> 'update' AND state <> 'suppressed' AND audience = 'customer'""",
)
