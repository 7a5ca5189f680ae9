"""However many reports are parked: counted without being read, found in the order in which they came."""

from alembic import op

from candor.store.tally import Tally

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    Tally("parked", ("source", "waits_for")).create(op)
    op.execute("DROP INDEX parked_promise")
    op.execute("DROP INDEX parked_reference")
    op.execute("CREATE INDEX parked_promise ON parked (promise_id, seq) WHERE promise_id IS NOT NULL")
    op.execute("CREATE INDEX parked_reference ON parked (system, ref_id, seq) WHERE system IS NOT NULL")
    # Promises of which reports are left that one transaction did not pass on, and how far the round has come.
    op.execute("CREATE TABLE arrival (promise_id text PRIMARY KEY, turn bigint NOT NULL DEFAULT nextval('born'))")
    op.execute("CREATE INDEX arrival_turn ON arrival (turn)")
    op.execute("CREATE TABLE sweep (one boolean PRIMARY KEY DEFAULT true CHECK (one), place bigint NOT NULL)")
    op.execute("INSERT INTO sweep (place) VALUES (0)")
