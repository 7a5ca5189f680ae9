"""What people look at is found or counted without reading whole tables."""

from alembic import op

from risk_svc.store.counting import SHOWN

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    SHOWN.create(op)
    op.execute("ALTER TABLE incident ADD places jsonb NOT NULL DEFAULT '[]'")
    op.execute("CREATE INDEX incident_places ON incident USING gin (places) WHERE partition = 0")
    op.execute("CREATE INDEX promise_state_value ON promise_state (kind) WHERE shown AND value IS NOT NULL")
    op.execute("CREATE INDEX forecast_score_kind ON forecast_score (kind, settled_at)")
