"""When the first date was said by a sender that tells states; unknown for promises of before."""

from alembic import op

revision = "0019"
down_revision = "0017"


def upgrade() -> None:
    op.execute("ALTER TABLE promise ADD first_at timestamptz")
