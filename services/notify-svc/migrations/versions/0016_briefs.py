"""Weekly briefs, and the mail of each to each recipient."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE brief (brief_id text PRIMARY KEY, department text, at timestamptz NOT NULL, sections jsonb, "
        "created_at timestamptz NOT NULL DEFAULT now())"
    )
    op.execute("CREATE INDEX brief_open ON brief (at, brief_id) WHERE sections IS NOT NULL")
    op.execute("CREATE INDEX brief_created ON brief (created_at)")
    op.execute(_MAIL)
    op.execute("CREATE INDEX brief_mail_pending ON brief_mail (next_at) WHERE state = 'pending'")
    op.execute("CREATE INDEX brief_mail_sending ON brief_mail (lease_until) WHERE state = 'sending'")


# `recipient` is a keyed hash of the address, which stands in the settings alone.
_MAIL = """
CREATE TABLE brief_mail (
  brief_id text NOT NULL REFERENCES brief ON DELETE CASCADE,
  recipient text NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  final boolean NOT NULL DEFAULT false,
  outcome text NOT NULL DEFAULT '',
  epoch bigint NOT NULL DEFAULT 0,
  attempts int NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (brief_id, recipient))"""
