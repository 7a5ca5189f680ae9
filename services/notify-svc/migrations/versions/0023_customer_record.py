"""All that was said to a customer and all that they answered, over every channel, as one list."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute(_VIEW)
    op.execute("CREATE INDEX notice_said ON notice (customer_id, changed_at) WHERE audience = 'customer'")


# Of a customer who is being erased nothing is listed, before the rows are gone.
_GONE = "EXISTS (SELECT FROM erasure WHERE erasure.customer_id = {0}.customer_id AND {0}.born <= erasure.born)"

_VIEW = f"""
CREATE VIEW customer_record AS
SELECT notice_id AS entry_id, customer_id, promise_id, changed_at AS at, 'said' AS direction,
  coalesce((SELECT channel FROM delivery WHERE delivery.notice_id = n.notice_id
    AND delivery.state IN ('sent', 'unknown') LIMIT 1), '') AS way,
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
FROM phone_call c WHERE answered <> '' AND NOT {_GONE.format("c")}"""  # noqa: S608 - constants only
