"""Matters, whose state is the fold of their entries, and promises that a hand-off assigns to a deliverer."""

from alembic import op

revision = "0008"
down_revision = "0007"

# What a claim says beside the entry of its capability that stood when it was made, as `domain.claims` does.
VERDICT = """
SELECT CASE
  WHEN there.status IS NULL THEN 'unregistered'
  WHEN claim.content->>'said' = 'left_out' THEN
    CASE there.status WHEN 'available' THEN 'under_claim' ELSE 'supported' END
  WHEN claim.content->>'said' = there.status THEN 'supported'
  WHEN array_position(ARRAY['none', 'planned', 'beta', 'available'], claim.content->>'said')
    > array_position(ARRAY['none', 'planned', 'beta', 'available'], there.status) THEN 'over_claim'
  ELSE 'under_claim' END
FROM (SELECT (
  SELECT one->>'status'
  FROM jsonb_array_elements((
    SELECT entry.content->'statuses' FROM matter AS capability JOIN matter_entry AS entry
      ON entry.matter = capability.born
    WHERE capability.kind = 'capability' AND capability.matter_id = claim.capability_id AND entry.at <= claim.at
    ORDER BY entry.at DESC, entry.number DESC LIMIT 1)) AS one
  WHERE coalesce(one->>'region' = claim.content->>'region', one->>'region' IS NULL)
    AND coalesce(one->>'edition' = claim.content->>'edition', one->>'edition' IS NULL)
  ORDER BY one->>'region' IS NULL, one->>'edition' IS NULL LIMIT 1) AS status) AS there"""


def upgrade() -> None:
    op.execute("ALTER TABLE promise ADD assigned_at timestamptz")
    op.execute("ALTER TABLE change ADD deliverer text, ADD accepted boolean")
    op.execute(
        """
CREATE TABLE matter (
  kind text NOT NULL,
  matter_id text NOT NULL,
  customer_id text,
  promise_id text,
  capability_id text,
  deliverer text,
  state text NOT NULL,
  version int NOT NULL,
  at timestamptz NOT NULL,
  ends_at timestamptz,
  content jsonb NOT NULL,
  words jsonb NOT NULL,
  words_since timestamptz DEFAULT now(),
  born bigint NOT NULL DEFAULT nextval('born') UNIQUE,
  PRIMARY KEY (kind, matter_id))"""
    )
    for name, columns, where in (
        ("newest", "kind, at, matter_id", ""),
        ("customer", "customer_id, kind, at, matter_id", "customer_id IS NOT NULL"),
        ("promise", "promise_id, kind, at, matter_id", "promise_id IS NOT NULL"),
        ("waiting", "promise_id", "customer_id IS NULL AND promise_id IS NOT NULL"),
        ("capability", "capability_id, kind, at, matter_id", "capability_id IS NOT NULL"),
        ("deliverer", "deliverer, state", "deliverer IS NOT NULL"),
        ("ends", "kind, ends_at, matter_id", "ends_at IS NOT NULL"),
    ):
        op.execute(f"CREATE INDEX matter_{name} ON matter ({columns})" + (f" WHERE {where}" if where else ""))
    op.execute("CREATE INDEX matter_words ON matter USING brin (words_since) WITH (pages_per_range = 32)")
    op.execute(
        """
CREATE TABLE matter_entry (
  matter bigint NOT NULL REFERENCES matter (born) ON DELETE CASCADE,
  number int NOT NULL,
  action text NOT NULL,
  at timestamptz NOT NULL,
  content jsonb NOT NULL,
  words jsonb NOT NULL,
  words_since timestamptz DEFAULT now(),
  PRIMARY KEY (matter, number))"""
    )
    op.execute("CREATE INDEX matter_entry_at ON matter_entry (matter, at, number)")
    op.execute("CREATE INDEX matter_entry_words ON matter_entry USING brin (words_since) WITH (pages_per_range = 32)")
    op.execute(
        f"""
CREATE VIEW claim AS
SELECT claim.*, ({VERDICT}) AS verdict FROM matter AS claim WHERE claim.kind = 'claim'"""  # noqa: S608 - a constant
    )
