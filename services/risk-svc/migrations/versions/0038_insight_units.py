"""Whether quantities that messages passed on have units that cannot be compared."""

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.execute("ALTER TABLE insight_statement ADD unlike_units boolean")
