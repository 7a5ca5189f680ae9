"""Sessions of staff, so that every process can tell when one was ended."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(
        """
CREATE TABLE staff_session (
  id text PRIMARY KEY,
  person text NOT NULL,
  role int NOT NULL,
  began timestamptz NOT NULL,
  seen timestamptz NOT NULL,
  ended_at timestamptz,
  reason text NOT NULL DEFAULT '')"""
    )
    op.execute("CREATE INDEX staff_session_person ON staff_session (person)")
