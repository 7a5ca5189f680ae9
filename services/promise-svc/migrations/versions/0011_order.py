"""The place of each statement among those about its promise, and statements and drafts that wait."""

from alembic import op

from candor.store.tally import Tally

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # Without them: not known, and found out from the changes when it matters.
    op.execute("ALTER TABLE promise ADD newest_at timestamptz")
    op.execute("ALTER TABLE change ADD said_at timestamptz, ADD known_due timestamptz")
    op.execute(
        """
CREATE TABLE waiting (
  waiting_id text PRIMARY KEY,
  born bigint NOT NULL DEFAULT nextval('born') UNIQUE,
  promise_id text NOT NULL,
  kind text NOT NULL,
  said_at timestamptz NOT NULL,
  due timestamptz,
  asked_by text,
  agreed boolean,
  reason text,
  public_reason text,
  verdict text,
  completed_at timestamptz,
  settled_at timestamptz,
  source text NOT NULL,
  source_event text NOT NULL,
  historical boolean NOT NULL,
  traceparent text NOT NULL,
  waiting_at timestamptz NOT NULL DEFAULT now())"""
    )
    op.execute("CREATE INDEX waiting_promise ON waiting (promise_id, born)")
    op.execute("CREATE INDEX waiting_age ON waiting USING brin (waiting_at) WITH (pages_per_range = 32)")
    Tally("waiting", ("source",)).create(op)
    op.execute(
        """
CREATE TABLE draft (
  promise_id text PRIMARY KEY,
  born bigint NOT NULL DEFAULT nextval('born') UNIQUE,
  customer_id text,
  state text NOT NULL,
  missing jsonb NOT NULL,
  fields jsonb NOT NULL,
  source text NOT NULL,
  historical boolean NOT NULL,
  newest_at timestamptz NOT NULL,
  draft_at timestamptz NOT NULL DEFAULT now())"""
    )
    op.execute("CREATE INDEX draft_customer ON draft (customer_id, born) WHERE customer_id IS NOT NULL")
    op.execute("CREATE INDEX draft_age ON draft (draft_at)")
    Tally("draft", ("source",)).create(op)
