"""A notice is one thing, its delivery over a channel another: how far its sending got moves into a table of its own."""

from uuid import NAMESPACE_URL, uuid5

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"

BATCH = 5_000
# As notify_svc.domain.identity.delivery_id was when this was written.
NAMESPACE = uuid5(NAMESPACE_URL, "urn:candor:notice")


def upgrade() -> None:
    # A sender of before that is still running must not begin DATA on a row that has been copied as not begun.
    op.execute("LOCK TABLE notice IN ACCESS EXCLUSIVE MODE")
    op.execute(_DELIVERY)
    _move()
    _refuse()
    for statement in (*_INDEXES, *_DROPS):
        op.execute(statement)


def _move() -> None:
    """Of every notice that waits, went out, may have or failed, or was ever claimed: its epoch counts on."""
    connection, last = op.get_bind(), 0
    while rows := connection.execute(_SOME, {"last": last, "batch": BATCH}).all():
        names = [name for name, _ in rows]
        ids = [str(uuid5(NAMESPACE, f"delivery:{name}:email")) for name in names]
        connection.execute(_INSERT, {"names": names, "ids": ids})
        last = rows[-1][1]


def _refuse() -> None:
    op.execute("ALTER TABLE customer ADD refused_on text[] NOT NULL DEFAULT '{}'")
    while op.get_bind().execute(_REFUSED, {"batch": BATCH}).rowcount:
        continue
    op.execute("ALTER TABLE customer DROP refused")


_DELIVERY = """
CREATE TABLE delivery (
  delivery_id text PRIMARY KEY,
  notice_id text NOT NULL REFERENCES notice ON DELETE CASCADE,
  channel text NOT NULL,
  recipient text NOT NULL,
  state text NOT NULL,
  outcome text NOT NULL,
  phase text NOT NULL DEFAULT '',
  epoch int NOT NULL DEFAULT 0,
  claimed_by text NOT NULL DEFAULT '',
  lease_until timestamptz,
  attempts int NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  provider_code text,
  provider_id text NOT NULL DEFAULT '',
  unknown_since timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL,
  UNIQUE (notice_id, channel))"""

_SOME = text("""
SELECT notice_id, seq FROM notice
WHERE seq > :last AND (claim_epoch > 0 OR state IN ('pending', 'sending', 'sent', 'unknown', 'failed'))
ORDER BY seq LIMIT :batch""")

# Held, a preview or suppressed now: what was tried before is over. SMTP's 0 was "no code".
_INSERT = text("""
INSERT INTO delivery (delivery_id, notice_id, channel, recipient, state, outcome, phase, epoch, claimed_by, lease_until,
  attempts, next_at, provider_code, unknown_since, created_at, changed_at)
SELECT moved.id, n.notice_id, 'email', n.recipient,
  CASE WHEN n.state IN ('preview', 'held') THEN 'suppressed' ELSE n.state END, n.reason, n.phase, n.claim_epoch,
  n.claimed_by, n.lease_until, n.attempts, n.next_try_at, CASE WHEN n.smtp_code = 0 THEN '' ELSE n.smtp_code::text END,
  n.unknown_since, n.created_at, n.changed_at
FROM unnest(CAST(:names AS text[]), CAST(:ids AS text[])) AS moved (name, id)
  JOIN notice n ON n.notice_id = moved.name""")

_REFUSED = text("""
UPDATE customer SET refused_on = '{email}' WHERE customer_id IN (
  SELECT customer_id FROM customer WHERE refused AND refused_on = '{}' LIMIT :batch)""")

_INDEXES = (
    "CREATE INDEX delivery_pending ON delivery (next_at) WHERE state = 'pending'",
    "CREATE INDEX delivery_claimed ON delivery (lease_until) WHERE state = 'sending'",
    # Over whatever channels: nobody is told the same thing twice.
    """
CREATE UNIQUE INDEX delivery_once ON delivery (notice_id)
  WHERE state IN ('pending', 'sending', 'sent', 'unknown')""",
)

_DROPS = (
    # With them their indexes, notice_pending and notice_claimed.
    """
ALTER TABLE notice DROP recipient, DROP attempts, DROP next_try_at, DROP phase, DROP claim_epoch, DROP claimed_by,
  DROP lease_until, DROP unknown_since, DROP smtp_code""",
)
