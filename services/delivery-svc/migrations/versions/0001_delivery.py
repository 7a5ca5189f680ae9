"""What happens: promises known by reference, milestones, what is parked, incidents."""

from alembic import op

from candor.intake import rejected
from candor.store.migrate import create_foundation

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_foundation(op)
    rejected.create(op)
    for statement in (PROMISE, REFERENCE, MILESTONE, PARKED, INCIDENT, SIGHTING, *INDEXES):
        op.execute(statement)


# Versions are written with every milestone: room on the page keeps those updates away from the indexes.
PROMISE = """
CREATE TABLE promise (
  promise_id text PRIMARY KEY,
  customer_id text NOT NULL,
  version int NOT NULL DEFAULT 0) WITH (fillfactor = 70)"""

REFERENCE = """
CREATE TABLE reference (
  system text NOT NULL,
  ref_id text NOT NULL,
  promise_id text NOT NULL,
  PRIMARY KEY (system, ref_id, promise_id))"""

MILESTONE = """
CREATE TABLE milestone (
  promise_id text NOT NULL,
  version int NOT NULL,
  milestone text NOT NULL,
  status text NOT NULL,
  at timestamptz NOT NULL,
  planned timestamptz,
  final boolean NOT NULL,
  reason text,
  source text NOT NULL,
  source_event text NOT NULL,
  PRIMARY KEY (promise_id, version))"""

PARKED = """
CREATE TABLE parked (
  parked_id text PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  waits_for text NOT NULL,
  promise_id text,
  system text,
  ref_id text,
  milestone text NOT NULL,
  status text NOT NULL,
  at timestamptz NOT NULL,
  planned timestamptz,
  final boolean NOT NULL,
  reason text,
  correction boolean NOT NULL,
  source text NOT NULL,
  source_event text NOT NULL,
  time timestamptz NOT NULL,
  historical boolean NOT NULL,
  traceparent text NOT NULL,
  parked_at timestamptz NOT NULL DEFAULT now())"""

INCIDENT = """
CREATE TABLE incident (
  incident_id text PRIMARY KEY,
  version int NOT NULL,
  status text NOT NULL,
  at timestamptz NOT NULL,
  picture jsonb NOT NULL)"""

SIGHTING = """
CREATE TABLE sighting (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id text NOT NULL,
  status text NOT NULL,
  at timestamptz NOT NULL,
  source text NOT NULL,
  source_event text NOT NULL,
  picture jsonb NOT NULL)"""

INDEXES = (
    "CREATE INDEX promise_customer ON promise (customer_id)",
    "CREATE INDEX reference_promise ON reference (promise_id)",
    "CREATE INDEX parked_promise ON parked (promise_id) WHERE promise_id IS NOT NULL",
    "CREATE INDEX parked_reference ON parked (system, ref_id) WHERE system IS NOT NULL",
    "CREATE INDEX parked_recent ON parked (parked_at)",
    "CREATE INDEX sighting_incident ON sighting (incident_id, seq)",
)
