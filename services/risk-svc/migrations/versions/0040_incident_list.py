"""Incidents in the order of their list, and by what they affect."""

from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX insight_incident_listed ON insight_incident "
        "((resolved_at IS NULL), coalesce(resolved_at, opened_at), incident_id)"
    )
    op.execute("CREATE INDEX insight_incident_places ON insight_incident USING gin (places)")
