"""What mails in our mailbox said of messages, and how far the mailbox was read."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE mail_report (report_id text PRIMARY KEY, notice_id text NOT NULL, promise_id text NOT NULL, "
        "customer_id text NOT NULL, said text NOT NULL, code text NOT NULL, "
        "created_at timestamptz NOT NULL DEFAULT clock_timestamp(), born bigint NOT NULL DEFAULT nextval('born'))"
    )
    for column in ("notice_id", "promise_id", "customer_id", "created_at"):
        op.execute(f"CREATE INDEX mail_report_{column} ON mail_report ({column})")
    op.execute("CREATE TABLE mailbox (mailbox text PRIMARY KEY, validity bigint NOT NULL, uid bigint NOT NULL)")
