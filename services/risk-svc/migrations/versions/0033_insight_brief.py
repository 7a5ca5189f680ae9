"""Answer sheets by time, and accounts by their renewal."""

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.execute("CREATE INDEX insight_matter_sheet ON insight_matter (at, matter_id) WHERE kind = 'sheet'")
    op.execute("CREATE INDEX insight_matter_renewal ON insight_matter (ends_at, matter_id) WHERE kind = 'account'")
