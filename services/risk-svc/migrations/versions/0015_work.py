"""Work that is too much for one transaction, and memory that is read in pages."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute(
        """
CREATE TABLE work (
  partition int NOT NULL,
  incident_id text NOT NULL,
  data bytea NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partition, incident_id))"""
    )
    # By key in the order of Python's comparison, because what is done up to a key is remembered by that key.
    op.execute("DROP INDEX promise_state_live")
    op.execute('CREATE INDEX promise_state_live ON promise_state (partition, promise_id COLLATE "C") WHERE live')
    op.execute("ALTER TABLE incident ADD live boolean NOT NULL DEFAULT true")
    op.execute("CREATE INDEX incident_live ON incident (partition, incident_id) WHERE live")
