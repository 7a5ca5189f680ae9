"""What systems that tell states said of dates, which a state that comes late makes changes of."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute("ALTER TABLE promise ADD states jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE change ADD stated boolean NOT NULL DEFAULT false")
