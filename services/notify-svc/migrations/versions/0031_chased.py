"""Which letter asked a customer for an answer about their need, and whether the owner was told that none came."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute("ALTER TABLE clarification ADD chased_by text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE clarification ADD owner_told boolean NOT NULL DEFAULT false")
    op.execute("CREATE INDEX clarification_asked ON clarification (promise_id) WHERE state = 'asked'")
    op.execute("CREATE INDEX clarification_chased ON clarification (chased_by) WHERE chased_by <> ''")
    op.execute("CREATE INDEX notice_asked ON notice (customer_id, changed_at) WHERE audience = 'asked'")
