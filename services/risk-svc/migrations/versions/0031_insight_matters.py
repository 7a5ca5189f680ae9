"""What `insight` keeps of matters: statements hop by hop, the register of capabilities, and all others."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute(_MATTER)
    op.execute("CREATE INDEX insight_matter_customer ON insight_matter (customer_id) WHERE customer_id IS NOT NULL")
    op.execute("CREATE INDEX insight_matter_state ON insight_matter (kind, state, at, matter_id)")
    op.execute(
        "CREATE INDEX insight_matter_state_due ON insight_matter (state, coalesce(due, 'infinity'), matter_id) "
        "WHERE kind = 'handoff'"
    )
    for name, columns in (
        ("open_due", "coalesce(due, 'infinity'), matter_id"),
        ("open_age", "at, matter_id"),
        ("open_deliverer", "deliverer"),
    ):
        op.execute(
            f"CREATE INDEX insight_matter_{name} ON insight_matter ({columns}) "
            "WHERE kind = 'handoff' AND state IN ('requested', 'countered')"
        )
    for name, column in (("reach", ""), ("verdict", "verdict, "), ("capability", "capability_id, ")):
        op.execute(
            f"CREATE INDEX insight_matter_{name} ON insight_matter ({column}recipients, matter_id) WHERE kind = 'claim'"
        )
    op.execute("CREATE INDEX insight_matter_words ON insight_matter (words_since) WHERE words_since IS NOT NULL")
    op.execute(_CAPABILITY)
    op.execute(
        "CREATE INDEX insight_capability_looking ON insight_capability (capability_id, version) "
        "WHERE looked IS NOT NULL"
    )
    op.execute(_STATEMENT)
    op.execute("CREATE INDEX insight_statement_subject ON insight_statement (subject, at, statement_id)")
    op.execute("CREATE INDEX insight_statement_waiting ON insight_statement (promise_id) WHERE kind IS NULL")
    op.execute(
        "CREATE INDEX insight_statement_customer ON insight_statement (customer_id) WHERE customer_id IS NOT NULL"
    )
    for name, column in (("all", ""), ("kind", "kind, "), ("said_by", "said_by, ")):
        for order in ("distortion", "at"):
            op.execute(
                f"CREATE INDEX insight_statement_{name}_{order} ON insight_statement ({column}{order}, statement_id) "
                "WHERE distortion IS NOT NULL"
            )
    op.execute("CREATE INDEX insight_statement_words ON insight_statement (words_since) WHERE words_since IS NOT NULL")


_MATTER = """
CREATE TABLE insight_matter (
  kind text NOT NULL,
  matter_id text NOT NULL,
  version int NOT NULL,
  customer_id text,
  promise_id text,
  capability_id text,
  state text NOT NULL,
  at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  ends_at timestamptz,
  due timestamptz,
  department text,
  deliverer text,
  said text,
  verdict text,
  recipients bigint,
  reached bigint,
  exposure double precision,
  currency text,
  content jsonb NOT NULL,
  words_since timestamptz DEFAULT now(),
  born bigint NOT NULL DEFAULT nextval('born'),
  PRIMARY KEY (kind, matter_id)) WITH (fillfactor = 80)"""
# Each entry that the register ever had: a claim is compared with the one that stood when it was made. `looked`: up to
# which claim those of this capability were compared anew since; null: all were.
_CAPABILITY = """
CREATE TABLE insight_capability (
  capability_id text NOT NULL,
  version int NOT NULL,
  at timestamptz NOT NULL,
  statuses jsonb NOT NULL,
  looked text,
  PRIMARY KEY (capability_id, version))"""
# From `heard` on: what became of the message that its speaker had heard.
_STATEMENT = """
CREATE TABLE insight_statement (
  statement_id text PRIMARY KEY,
  version int NOT NULL,
  subject text NOT NULL,
  customer_id text,
  promise_id text,
  capability_id text,
  kind text,
  made_at timestamptz,
  said_by text NOT NULL,
  said_to text NOT NULL,
  at timestamptz NOT NULL,
  due timestamptz,
  scope jsonb,
  quantity double precision,
  unit text,
  certainty int,
  conditions jsonb,
  heard text,
  heard_from text,
  due_in timestamptz,
  due_out timestamptz,
  distortion double precision,
  drift_date double precision,
  drift_scope double precision,
  drift_quantity double precision,
  drift_certainty double precision,
  drift_conditions double precision,
  words_since timestamptz DEFAULT now(),
  born bigint NOT NULL DEFAULT nextval('born')) WITH (fillfactor = 80)"""
