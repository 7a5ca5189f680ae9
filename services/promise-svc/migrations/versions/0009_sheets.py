"""Answer sheets, by whose belief they say."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX matter_side ON matter ((content->>'side'), at, matter_id) WHERE kind = 'sheet'",
    )
