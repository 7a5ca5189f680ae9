"""Courses of scores, what a customer was told before a promise ended, and what customers say, by customer."""

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    # Their rows lack what is new; insight works them out again within seconds.
    op.execute("TRUNCATE insight_sheet, insight_figure")
    op.execute(_SCORE)
    op.execute(
        "ALTER TABLE insight_promise "
        "ADD expected_from timestamptz, ADD expected_until timestamptz, ADD told_before text"
    )
    op.execute(
        "CREATE INDEX insight_promise_asked ON insight_promise (customer_id, made_at) WHERE requested_due IS NOT NULL"
    )
    op.execute("CREATE INDEX insight_promise_moved ON insight_promise (customer_id) WHERE resets > 0")


# The newest scores of a promise as they were published. `shares` are those of the components, in their order; `facts`
# what was known, each as its kind, its event and its name.
_SCORE = """
CREATE TABLE insight_score (
  promise_id text NOT NULL,
  version bigint NOT NULL,
  at timestamptz NOT NULL,
  standing text NOT NULL,
  score real NOT NULL,
  shares jsonb NOT NULL,
  facts jsonb NOT NULL,
  PRIMARY KEY (promise_id, version))"""
