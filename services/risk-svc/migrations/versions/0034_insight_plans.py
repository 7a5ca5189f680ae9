"""Plans, and how the component of the gap that each is to close stood when it was opened and afterwards."""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute("ALTER TABLE insight_matter ADD driver text, ADD action text, ADD since timestamptz")
    for name, columns, where in (
        ("due", "due, matter_id", "state = 'open'"),
        ("ended", "state, due, matter_id", "state <> 'open'"),
        ("any_due", "due, matter_id", "true"),
        ("at", "at, matter_id", "true"),
        ("promise", "promise_id", "true"),
        ("done", "driver, since, matter_id", "state = 'done'"),
        ("since", "since, matter_id", "state = 'done'"),
    ):
        op.execute(f"CREATE INDEX insight_plan_{name} ON insight_matter ({columns}) WHERE kind = 'plan' AND {where}")
    op.execute(_DRIVER)
    op.execute("CREATE INDEX insight_driver_promise ON insight_driver (promise_id)")
    for column in ("customer_id", "plan_customer"):
        op.execute(f"CREATE INDEX insight_driver_{column} ON insight_driver ({column})")


# `beside`: of another promise of the same type about which there was no such plan. `plan_customer`: whose plan it is,
# `customer_id`: whose promise.
_DRIVER = """
CREATE TABLE insight_driver (
  plan_id text NOT NULL,
  beside boolean NOT NULL,
  plan_customer text NOT NULL,
  customer_id text NOT NULL,
  promise_id text NOT NULL,
  driver text NOT NULL,
  at timestamptz NOT NULL,
  before real,
  before_at timestamptz,
  before_version bigint,
  after real,
  after_at timestamptz,
  after_version bigint,
  over boolean NOT NULL DEFAULT false,
  born bigint NOT NULL DEFAULT nextval('born'),
  PRIMARY KEY (plan_id, beside)) WITH (fillfactor = 80)"""
