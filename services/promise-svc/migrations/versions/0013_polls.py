"""How far polls of other systems are, and the rhythm in which senders are heard."""

from alembic import op

from candor.intake.polling import book as polls
from candor.intake.silence import book as rhythms

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    polls.create(op)
    rhythms.create(op)
