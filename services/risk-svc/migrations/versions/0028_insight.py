"""The tables of the role `insight`: promises, their milestones and new dates, incidents, and whom to forget."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.execute(_PROMISE)
    op.execute("CREATE INDEX insight_promise_customer ON insight_promise (customer_id)")
    # What changes with every score is in no index: such a change then touches none of them.
    op.execute("CREATE INDEX insight_promise_open ON insight_promise (promise_id) WHERE standing = 'open' AND shown")
    op.execute("CREATE INDEX insight_promise_ended ON insight_promise (ended_at) WHERE ended_at IS NOT NULL")
    op.execute(
        "CREATE INDEX insight_promise_places ON insight_promise USING gin (places) WHERE standing = 'open' AND shown"
    )
    op.execute("CREATE INDEX insight_promise_words ON insight_promise (words_since) WHERE words_since IS NOT NULL")
    # Apart from the columns, so that a figure over very many promises does not read past it.
    op.execute("CREATE TABLE insight_state (promise_id text PRIMARY KEY, state bytea NOT NULL)")
    op.execute(_MILESTONE)
    op.execute(_REDATING)
    op.execute("CREATE INDEX insight_redating_words ON insight_redating (words_since) WHERE words_since IS NOT NULL")
    op.execute(_INCIDENT)
    op.execute("CREATE INDEX insight_incident_words ON insight_incident (words_since) WHERE words_since IS NOT NULL")
    op.execute(
        "CREATE TABLE insight_erased (customer bytea PRIMARY KEY, version int NOT NULL, at double precision NOT NULL)"
    )
    op.execute("CREATE TABLE insight_erasing (customer_id text PRIMARY KEY, born bigint NOT NULL)")


_PROMISE = """
CREATE TABLE insight_promise (
  promise_id text PRIMARY KEY,
  customer_id text NOT NULL,
  kind text NOT NULL DEFAULT '',
  standing text NOT NULL DEFAULT 'placeholder',
  shown boolean NOT NULL DEFAULT false,
  department text,
  deliverer text,
  owner text,
  value double precision,
  currency text,
  labels jsonb NOT NULL DEFAULT '{}',
  places jsonb NOT NULL DEFAULT '[]',
  made_at timestamptz,
  requested_due timestamptz,
  first_due timestamptz,
  latest_due timestamptz,
  held_due timestamptz,
  tolerance_s int NOT NULL DEFAULT 0,
  accepted boolean NOT NULL DEFAULT true,
  resets int NOT NULL DEFAULT 0,
  completed_at timestamptz,
  ended_at timestamptz,
  missing real,
  told boolean NOT NULL DEFAULT false,
  gap_version bigint NOT NULL DEFAULT 0,
  scored_at timestamptz,
  score real NOT NULL DEFAULT 0,
  lateness real NOT NULL DEFAULT 0,
  scope real NOT NULL DEFAULT 0,
  incidents real NOT NULL DEFAULT 0,
  silence real NOT NULL DEFAULT 0,
  unbacked real NOT NULL DEFAULT 0,
  p_slip real,
  n int,
  words_since timestamptz,
  born bigint NOT NULL DEFAULT nextval('born')) WITH (fillfactor = 80)"""
_MILESTONE = """
CREATE TABLE insight_milestone (
  promise_id text NOT NULL,
  milestone text NOT NULL,
  planned timestamptz,
  expected timestamptz,
  at timestamptz,
  status text NOT NULL,
  final boolean NOT NULL,
  PRIMARY KEY (promise_id, milestone))"""
_REDATING = """
CREATE TABLE insight_redating (
  promise_id text NOT NULL,
  version int NOT NULL,
  asked_by text NOT NULL,
  agreed boolean NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL,
  before timestamptz NOT NULL,
  after timestamptz NOT NULL,
  words_since timestamptz DEFAULT now(),
  PRIMARY KEY (promise_id, version))"""
_INCIDENT = """
CREATE TABLE insight_incident (
  incident_id text PRIMARY KEY,
  version int NOT NULL,
  severity real NOT NULL,
  category text NOT NULL,
  title text NOT NULL,
  places jsonb NOT NULL,
  opened_at timestamptz NOT NULL,
  expected_end timestamptz,
  resolved_at timestamptz,
  words_since timestamptz DEFAULT now())"""
