"""However many notices there are: counted without being read, and what is oldest found by an index."""

from alembic import op

from candor.store.tally import Tally

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    Tally("notice", ("state",)).create(op)
    Tally("delivery", ("state", "channel")).create(op)
    op.execute("CREATE INDEX delivery_unsent ON delivery (created_at) WHERE state IN ('pending', 'sending')")
    op.execute("CREATE INDEX delivery_unknown ON delivery (unknown_since) WHERE state = 'unknown'")
    op.execute("CREATE INDEX notice_preview ON notice (promise_id) WHERE state = 'preview'")
