"""Deliveries are looked through in turns, urgent ones apart, and a claim is fenced by a random number."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("ALTER TABLE delivery ADD urgent boolean NOT NULL DEFAULT false, ALTER epoch TYPE bigint")
    op.execute(
        "UPDATE delivery SET urgent = true FROM notice WHERE notice.notice_id = delivery.notice_id "
        "AND delivery.state = 'pending' AND notice.statement IN ('warning', 'cancelled')"
    )
    op.execute("DROP INDEX delivery_pending")
    op.execute("CREATE INDEX delivery_pending ON delivery (urgent, next_at, delivery_id) WHERE state = 'pending'")
