"""Public reviews and stated lead times, and when the customer of a promise was warned first."""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    # Of promises that were heard of before, it is not known; the last that was told of them is.
    op.execute("ALTER TABLE insight_promise ADD warned_at timestamptz")
    for name, column in (("newest", ""), ("tagged", "verdict, "), ("product", "(content->>'product'), ")):
        op.execute(
            f"CREATE INDEX insight_matter_review_{name} ON insight_matter ({column}at, matter_id) "
            "WHERE kind = 'review' AND state <> 'removed'"
        )
    op.execute(
        "CREATE INDEX insight_matter_review_promise ON insight_matter (promise_id) "
        "WHERE kind = 'review' AND promise_id IS NOT NULL"
    )
    op.execute(
        "CREATE INDEX insight_matter_competitor ON insight_matter ((content->>'competitor'), matter_id) "
        "WHERE kind = 'lead_time' AND state = 'registered'"
    )
