"""What `insight` works out over all promises, by sheet, and when it did."""

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute(
        """
CREATE TABLE insight_figure (
  sheet text NOT NULL,
  run bigint NOT NULL,
  name text NOT NULL,
  rank double precision NOT NULL,
  customer_id text,
  body jsonb NOT NULL,
  PRIMARY KEY (sheet, run, name))"""
    )
    op.execute("CREATE INDEX insight_figure_rank ON insight_figure (sheet, run, rank DESC, name DESC)")
    op.execute("CREATE INDEX insight_figure_customer ON insight_figure (customer_id) WHERE customer_id IS NOT NULL")
    op.execute(
        """
CREATE TABLE insight_sheet (
  sheet text PRIMARY KEY,
  run bigint NOT NULL,
  made_at timestamptz NOT NULL,
  took_s real NOT NULL,
  promises int NOT NULL)"""
    )
    # What was worked out before an erasure must not be shown after it.
    op.execute("ALTER TABLE insight_erased ADD noted_at timestamptz NOT NULL DEFAULT now()")
    op.execute("CREATE INDEX insight_erased_noted ON insight_erased (noted_at)")
