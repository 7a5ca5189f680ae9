"""Wishes by the day on which they are looked at again."""

from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    for name, where in (("open", " AND state = 'open'"), ("due", "")):
        op.execute(f"CREATE INDEX insight_wish_{name} ON insight_matter (due, matter_id) WHERE kind = 'wish'{where}")
