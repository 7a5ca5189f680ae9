"""Which events made up an incident, and which event a step's newest report was, so that what moved a score names it."""

from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE insight_incident_event (incident_id text, version int, event_id text NOT NULL, "
        "resolved boolean NOT NULL, PRIMARY KEY (incident_id, version))"
    )
    op.execute("CREATE INDEX insight_incident_event_named ON insight_incident_event (event_id)")
    op.execute("ALTER TABLE insight_milestone ADD COLUMN source_event text NOT NULL DEFAULT ''")
