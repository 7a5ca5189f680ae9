"""Folded promises and their gaps, incidents, the lessons of settled promises, and the forecasts' own record."""

from alembic import op

from candor.store.migrate import create_foundation

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_foundation(op)
    op.execute(
        """
CREATE TABLE promise_state (
  promise_id text PRIMARY KEY,
  partition int NOT NULL,
  customer_id text NOT NULL,
  kind text NOT NULL,
  standing text NOT NULL,
  live boolean NOT NULL,
  shown boolean NOT NULL,
  told boolean NOT NULL,
  score real NOT NULL,
  p_slip real NOT NULL,
  held_due timestamptz NOT NULL,
  state bytea NOT NULL) WITH (fillfactor = 80)"""
    )
    op.execute("CREATE INDEX promise_state_live ON promise_state (partition) WHERE live")
    op.execute("CREATE INDEX promise_state_customer ON promise_state (customer_id)")
    op.execute("CREATE INDEX promise_state_score ON promise_state (score DESC, promise_id DESC) WHERE shown")
    op.execute(
        """
CREATE TABLE incident (
  partition int NOT NULL,
  incident_id text NOT NULL,
  version int NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (partition, incident_id))"""
    )
    op.execute(
        """
CREATE TABLE erased (
  partition int NOT NULL,
  customer bytea NOT NULL,
  version int NOT NULL,
  at double precision NOT NULL,
  PRIMARY KEY (partition, customer))"""
    )
    # xid orders rows by a snapshot's horizon: a sequence alone lets a reader step over what commits late.
    op.execute(
        """
CREATE TABLE outcome_batch (
  id bigserial PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  partition int NOT NULL,
  outcomes int NOT NULL,
  samples bytea NOT NULL)"""
    )
    op.execute("CREATE INDEX outcome_batch_xid ON outcome_batch (xid)")
    op.execute(
        """
CREATE TABLE forecast_score (
  promise_id text NOT NULL,
  lead text NOT NULL,
  kind text NOT NULL,
  p real NOT NULL,
  base real NOT NULL,
  outcome int NOT NULL,
  settled_at timestamptz NOT NULL,
  PRIMARY KEY (promise_id, lead))"""
    )
    op.execute("CREATE INDEX forecast_score_settled ON forecast_score (settled_at)")
