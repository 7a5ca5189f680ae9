"""Which reports were corrections: what a step is does not depend on the order in which its reports came."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("ALTER TABLE milestone ADD COLUMN correction boolean")
