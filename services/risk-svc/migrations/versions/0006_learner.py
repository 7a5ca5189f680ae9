"""What the learner reads (the journal), what it publishes (model versions), what it goes on from after a restart."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # xid orders rows by a snapshot's horizon: a sequence alone lets a reader step over what commits late.
    op.execute(
        """
CREATE TABLE journal (
  id bigserial PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  partition int NOT NULL,
  n int NOT NULL,
  entries bytea NOT NULL)"""
    )
    # Compressing would cost the worker more than the disk is worth: rows go with the next checkpoint.
    op.execute("ALTER TABLE journal ALTER entries SET STORAGE EXTERNAL")
    op.execute("CREATE INDEX journal_order ON journal (xid, id)")
    op.execute(
        """
CREATE TABLE model_version (
  version bigint PRIMARY KEY,
  boundary double precision NOT NULL,
  upto xid8 NOT NULL,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  body bytea NOT NULL)"""
    )
    op.execute("ALTER TABLE model_version ALTER body SET STORAGE EXTERNAL")
    # Which boundaries were closed on how much of the journal: a replay from the checkpoint does the same again.
    op.execute("CREATE TABLE learner_step (boundary double precision PRIMARY KEY, upto xid8 NOT NULL)")
    op.execute("CREATE TABLE learner_state (part int PRIMARY KEY, body bytea NOT NULL)")
    op.execute("ALTER TABLE learner_state ALTER body SET STORAGE EXTERNAL")
    op.execute("DROP TABLE outcome_batch")
