"""Public reviews by site, and stated lead times by competitor."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("CREATE INDEX matter_source ON matter ((content->>'source'), at, matter_id) WHERE kind = 'review'")
    op.execute(
        "CREATE INDEX matter_competitor ON matter ((content->>'competitor'), at, matter_id) WHERE kind = 'lead_time'"
    )
