"""Hand-offs of every state in the orders of their list."""

from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    for name, column in (("due", "coalesce(due, 'infinity')"), ("at", "at")):
        op.execute(
            f"CREATE INDEX insight_matter_handoff_{name} ON insight_matter ({column}, matter_id) WHERE kind = 'handoff'"
        )
