"""The foundation, and the reference job's one table."""

from alembic import op

from candor.store import erasing, layout, replaying, suspects
from candor.store.migrate import create_foundation

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_foundation(op)
    erasing.create(op)
    replaying.create(op)
    suspects.create(op)
    layout.create(op)
    op.execute(
        "CREATE TABLE bench_promise ("
        "promise_id text PRIMARY KEY, partition int NOT NULL, version bigint NOT NULL, state bytea NOT NULL) "
        "WITH (fillfactor = 80)"  # as risk-svc's table of the same use
    )
