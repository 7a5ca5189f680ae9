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
    op.execute(_VIEW)


# Of a customer who is being erased nothing is listed, before the rows are gone.
_GONE = "EXISTS (SELECT FROM erasure WHERE erasure.customer_id = {0}.customer_id AND {0}.born <= erasure.born)"
_WAY = """
coalesce((SELECT channel FROM delivery WHERE delivery.notice_id = n.notice_id
    AND delivery.state IN ('sent', 'unknown') LIMIT 1), '')"""

_VIEW = f"""
CREATE OR REPLACE VIEW customer_record AS
SELECT notice_id AS entry_id, customer_id, promise_id, changed_at AS at, 'said' AS direction, {_WAY} AS way,
  statement AS kind, '' AS choice, subject, body AS words, state, approved_by, edited_by
FROM notice n
WHERE audience = 'customer' AND state IN ('sent', 'unknown') AND reason <> 'said_by_phone' AND NOT {_GONE.format("n")}
UNION ALL
SELECT answer_id, customer_id, promise_id, at, 'answered', 'page', kind, choice, '', words, '', '', ''
FROM answer a WHERE NOT {_GONE.format("a")}
UNION ALL
SELECT call_id, customer_id, promise_id, at, 'said', 'phone', 'call', '', '', said, 'sent', staff, ''
FROM phone_call c WHERE NOT {_GONE.format("c")}
UNION ALL
SELECT call_id || '.answered', customer_id, promise_id, at, 'answered', 'phone', 'call', '', '', answered, '', staff, ''
FROM phone_call c WHERE answered <> '' AND NOT {_GONE.format("c")}
UNION ALL
SELECT notice_id, customer_id, promise_id, changed_at, 'said', {_WAY}, 'question', '', subject, body, state, '', ''
FROM notice n WHERE audience = 'asked' AND state IN ('sent', 'unknown') AND NOT {_GONE.format("n")}"""  # noqa: S608
