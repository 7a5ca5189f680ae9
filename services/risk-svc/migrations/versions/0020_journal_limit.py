"""The journal has a limit: how large it is, and what was deleted of it before anybody had learnt from it."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    # Business time up to which a row says something: promises made before the newest of a deleted row are not whole.
    op.execute("ALTER TABLE journal ADD newest double precision NOT NULL DEFAULT 0")
    # Notes of what statements add and take away, folded together later: writers do not wait for each other.
    op.execute("CREATE TABLE journal_size (rows bigint NOT NULL, bytes bigint NOT NULL)")
    op.execute("INSERT INTO journal_size SELECT count(*), coalesce(sum(octet_length(entries)), 0) FROM journal")
    op.execute(
        """
CREATE TABLE journal_lost (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  xid xid8 NOT NULL,
  last bigint NOT NULL,
  until double precision NOT NULL)"""
    )
