"""How many open incidents affect a place, counted without reading them."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("CREATE TABLE open_place (kind text, id text, open int NOT NULL, PRIMARY KEY (kind, id))")
    op.execute(
        "INSERT INTO open_place SELECT place ->> 0, place ->> 1, count(DISTINCT incident_id)"
        " FROM incident, jsonb_array_elements(picture -> 'affects') AS place WHERE status <> 'resolved' GROUP BY 1, 2"
    )
