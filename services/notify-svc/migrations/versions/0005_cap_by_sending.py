"""The daily cap counts messages by when they went out, not by when they were decided."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("DROP INDEX notice_addressee")
    op.execute("CREATE INDEX notice_addressee ON notice (addressee, changed_at)")
