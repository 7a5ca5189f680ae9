"""When hand-offs of a promise were accepted, asked of each statement that a figure of hops is made of."""

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX insight_matter_accepted ON insight_matter (promise_id, changed_at) "
        "WHERE kind = 'handoff' AND state = 'accepted'"
    )
