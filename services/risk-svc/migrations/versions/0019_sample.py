"""How large the sample is that a version of the model learnt from."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute("ALTER TABLE model_version ADD share double precision NOT NULL DEFAULT 1")
