"""What a customer was told last of a promise, accounts in the orders people look at them, open incidents."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    # Their rows lack what is new; insight works them out again within seconds.
    op.execute("TRUNCATE insight_sheet, insight_figure")
    op.execute("ALTER TABLE insight_promise ADD last_told text, ADD last_told_at timestamptz")
    op.execute("CREATE INDEX insight_incident_open ON insight_incident (opened_at) WHERE resolved_at IS NULL")
    for name, place in (("at_risk", "body->'value_at_risk'->>'value'"), ("gap", "body->>'score'")):
        op.execute(
            f"CREATE INDEX insight_figure_{name} ON insight_figure "
            f"(sheet, run, (coalesce(({place})::float8, -1)) DESC, name DESC)"
        )
