"""When a delivery's words were first decided on, so that every attempt under its id says the same."""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute("ALTER TABLE delivery ADD said_at timestamptz, DROP CONSTRAINT delivery_notice_id_channel_key")
    # Other words about the same matter are another delivery over the same channel.
    op.execute("CREATE INDEX delivery_notice ON delivery (notice_id, channel)")
