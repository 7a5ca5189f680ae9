"""The ledger: promises, what was said of them since, customers."""

from alembic import op

from candor.intake import rejected
from candor.store.migrate import create_foundation

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_foundation(op)
    rejected.create(op)
    op.execute(
        """
CREATE TABLE promise (
  promise_id text PRIMARY KEY,
  customer_id text NOT NULL,
  kind text NOT NULL,
  what text NOT NULL,
  state text NOT NULL,
  version int NOT NULL,
  made_at timestamptz NOT NULL,
  requested_due timestamptz,
  first_due timestamptz NOT NULL,
  latest_due timestamptz NOT NULL,
  held_due timestamptz NOT NULL,
  latest_at timestamptz NOT NULL,
  held_at timestamptz NOT NULL,
  tolerance_s int NOT NULL,
  terms jsonb NOT NULL,
  historical boolean NOT NULL,
  completed_at timestamptz)"""
    )
    op.execute("CREATE INDEX promise_customer ON promise (customer_id)")
    op.execute("CREATE INDEX promise_due ON promise (held_due, promise_id)")
    op.execute(
        """
CREATE TABLE change (
  promise_id text NOT NULL,
  version int NOT NULL,
  kind text NOT NULL,
  at timestamptz NOT NULL,
  due timestamptz,
  held_due timestamptz,
  asked_by_customer boolean,
  agreed boolean,
  reason text,
  verdict text,
  completed_at timestamptz,
  PRIMARY KEY (promise_id, version))"""
    )
    op.execute(
        """
CREATE TABLE customer (
  customer_id text PRIMARY KEY,
  sealed text,
  contact_version int NOT NULL,
  contact_at timestamptz,
  erased_at timestamptz,
  erasures int NOT NULL)"""
    )
