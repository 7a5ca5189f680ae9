"""Finds offers and challenges newest first, and by what they are about; and the weeks whose briefs were made."""

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX insight_matter_newest ON insight_matter (kind, at, matter_id) "
        "WHERE kind IN ('offer', 'challenge')"
    )
    op.execute("CREATE INDEX insight_matter_promise ON insight_matter (promise_id) WHERE promise_id IS NOT NULL")
    op.execute("CREATE INDEX insight_matter_about ON insight_matter ((content->>'about_id')) WHERE kind = 'challenge'")
    op.execute("CREATE TABLE insight_brief (brief_id text PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now())")
