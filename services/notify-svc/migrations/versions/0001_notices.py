"""What notify-svc knows of promises and customers, and what it told them."""

from alembic import op

from candor.store.migrate import create_foundation

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_foundation(op)
    for statement in (*_READ_MODEL, *_FACTS, *_CONTROL):
        op.execute(statement)


# Can be emptied and read again from the topics.
_READ_MODEL = (
    """
CREATE TABLE promise (
  promise_id text PRIMARY KEY,
  customer_id text NOT NULL,
  partition int NOT NULL,
  promise_version bigint NOT NULL,
  promise jsonb,
  gap_version bigint NOT NULL,
  gap jsonb,
  check_at timestamptz)""",
    "CREATE INDEX promise_customer ON promise (customer_id)",
    "CREATE INDEX promise_check ON promise (partition, check_at) WHERE check_at IS NOT NULL",
    """
CREATE TABLE customer (
  customer_id text PRIMARY KEY,
  contact_version bigint NOT NULL,
  sealed text,
  refused boolean NOT NULL,
  erased_at timestamptz,
  erased_version bigint NOT NULL)""",
)
# Decided here and nowhere else: never emptied.
_FACTS = (
    """
CREATE TABLE episode (
  promise_id text PRIMARY KEY,
  customer_id text NOT NULL,
  gap_version bigint NOT NULL,
  state jsonb NOT NULL)""",
    "CREATE INDEX episode_customer ON episode (customer_id)",
    """
CREATE TABLE notice (
  notice_id text PRIMARY KEY,
  seq bigserial NOT NULL UNIQUE,
  customer_id text NOT NULL,
  promise_id text NOT NULL,
  episode int NOT NULL,
  statement text NOT NULL,
  state text NOT NULL,
  reason text NOT NULL,
  spoken_for text NOT NULL,
  version int NOT NULL,
  closing boolean NOT NULL,
  told_low timestamptz,
  told_high timestamptz,
  next_update_by timestamptz,
  subject text NOT NULL,
  body text NOT NULL,
  html text NOT NULL,
  evidence jsonb NOT NULL,
  findings jsonb NOT NULL,
  gap_version bigint NOT NULL,
  recipient text NOT NULL,
  reply_to text NOT NULL,
  decided_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  attempts int NOT NULL DEFAULT 0,
  next_try_at timestamptz NOT NULL DEFAULT now(),
  phase text NOT NULL DEFAULT '',
  claim_epoch int NOT NULL DEFAULT 0,
  claimed_by text NOT NULL DEFAULT '',
  lease_until timestamptz,
  unknown_since timestamptz,
  smtp_code int)""",
    "CREATE INDEX notice_promise ON notice (promise_id, decided_at, seq)",
    "CREATE INDEX notice_customer ON notice (customer_id, decided_at)",
    "CREATE INDEX notice_pending ON notice (next_try_at) WHERE state = 'pending'",
    "CREATE INDEX notice_claimed ON notice (lease_until) WHERE state = 'sending'",
    "CREATE INDEX notice_shown ON notice (state, seq)",
    # However a decision came about twice: one warning, one cancellation and one all-clear an episode.
    """
CREATE UNIQUE INDEX notice_once ON notice (promise_id, episode, statement)
  WHERE statement <> 'update' AND state <> 'suppressed'""",
)
_CONTROL = (
    """
CREATE TABLE switch (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  sending boolean NOT NULL,
  killed boolean NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  changed_by text NOT NULL)""",
    """
CREATE TABLE audit (
  id bigserial PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  who text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  detail text NOT NULL)""",
    """
CREATE TABLE freshness (
  partition int PRIMARY KEY,
  lag_seconds double precision NOT NULL,
  seen_at timestamptz NOT NULL)""",
)
