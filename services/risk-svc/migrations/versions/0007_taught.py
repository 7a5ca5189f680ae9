"""Up to when the learner has learnt, and how many promises it heard of too late to learn from them: one row."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        """
CREATE TABLE learner_taught (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  boundary double precision,
  too_late bigint NOT NULL DEFAULT 0,
  too_late_at timestamptz)"""
    )
    # What was learnt before this table: otherwise the past would seem to be open still.
    op.execute(
        """
INSERT INTO learner_taught (boundary)
SELECT max(boundary) FROM (SELECT boundary FROM learner_step UNION ALL SELECT boundary FROM model_version) AS known
HAVING max(boundary) IS NOT NULL"""
    )
