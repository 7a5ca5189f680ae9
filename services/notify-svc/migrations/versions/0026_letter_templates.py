"""Templates of letters that a company changes: versions that stay as they were written, and who approved them."""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE letter_template (statement text NOT NULL, language text NOT NULL, number integer NOT NULL, "
        "seq bigint GENERATED ALWAYS AS IDENTITY, subject text NOT NULL, body text NOT NULL, "
        "written_by text NOT NULL, written_at timestamptz NOT NULL DEFAULT clock_timestamp(), "
        "approved_by text NOT NULL DEFAULT '', approved_at timestamptz, "
        "withdrawn_by text NOT NULL DEFAULT '', withdrawn_at timestamptz, "
        "failed_at timestamptz, failed_why text NOT NULL DEFAULT '', PRIMARY KEY (statement, language, number))"
    )
    op.execute("CREATE UNIQUE INDEX letter_template_seq ON letter_template (seq)")
    op.execute(
        "CREATE INDEX letter_template_used ON letter_template (statement, language, approved_at) "
        "WHERE approved_at IS NOT NULL AND withdrawn_at IS NULL"
    )
