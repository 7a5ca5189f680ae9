"""Matches by hand, and of each report that was passed on how it came, so that a match can be undone."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    # Without them: passed on before matches could be undone.
    op.execute(
        "ALTER TABLE milestone ADD said_at timestamptz, ADD historical boolean NOT NULL DEFAULT false, "
        "ADD named text, ADD system text, ADD ref_id text, ADD parked_id text"
    )
    op.execute(
        """
CREATE TABLE match (
  match_id text PRIMARY KEY,
  born bigint NOT NULL DEFAULT nextval('born') UNIQUE,
  promise_id text NOT NULL,
  system text,
  ref_id text,
  waits_for text NOT NULL,
  alike boolean NOT NULL,
  source text NOT NULL,
  matched_by text NOT NULL,
  matched_at timestamptz NOT NULL DEFAULT now())"""
    )
    op.execute("CREATE INDEX match_promise ON match (promise_id)")
    op.execute("CREATE INDEX match_age ON match USING brin (matched_at) WITH (pages_per_range = 32)")
