"""The one event that a notice tells of, such as another date that the company told."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("ALTER TABLE notice ADD COLUMN about text NOT NULL DEFAULT ''")
