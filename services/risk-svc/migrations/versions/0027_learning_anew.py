"""What was learnt from, by promise, and what learning goes back to when something older comes to be known."""

from alembic import op

revision = "0027"
down_revision = "0022"


def upgrade() -> None:
    op.execute(
        """
CREATE TABLE learnt_fact (
  name text PRIMARY KEY,
  first double precision NOT NULL,
  last double precision NOT NULL,
  entries bytea NOT NULL)"""
    )
    # The learner compresses them.
    op.execute("ALTER TABLE learnt_fact ALTER entries SET STORAGE EXTERNAL")
    op.execute("CREATE INDEX learnt_fact_first ON learnt_fact (first, name)")
    op.execute(
        """
CREATE TABLE learner_rung (
  boundary double precision NOT NULL,
  part int NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (boundary, part))"""
    )
    op.execute("ALTER TABLE learner_rung ALTER body SET STORAGE EXTERNAL")
    # since: what came to be known from there on is not learnt; begun: it is being learnt; base: nothing older is kept.
    op.execute(
        """
CREATE TABLE learner_anew (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  since double precision NOT NULL DEFAULT 'Infinity',
  begun double precision NOT NULL DEFAULT 'Infinity',
  base double precision NOT NULL DEFAULT '-Infinity',
  share double precision)"""
    )
    op.execute("INSERT INTO learner_anew DEFAULT VALUES")
