"""On a customer's record beside what was said: what was offered, what they took or declined, and what only asks."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("ALTER TABLE offer ADD taken text NOT NULL DEFAULT '', ADD said_at timestamptz")
    op.execute(_VIEW)


# Of a customer who is being erased nothing is listed, before the rows are gone.
_GONE = "EXISTS (SELECT FROM erasure WHERE erasure.customer_id = {0}.customer_id AND {0}.born <= erasure.born)"

_WAY = """
coalesce((SELECT channel FROM delivery WHERE delivery.notice_id = n.notice_id
    AND delivery.state IN ('sent', 'unknown') LIMIT 1), '')"""

# What was taken on the page is there as the customer's answer.
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
FROM notice n WHERE audience = 'asked' AND state IN ('sent', 'unknown') AND NOT {_GONE.format("n")}
UNION ALL
SELECT 'offer.' || offer_id, customer_id, promise_id, at, 'said', '', 'offer', '', '',
  (SELECT coalesce(string_agg(one->>'name', '; ' ORDER BY place), '')
   FROM jsonb_array_elements(options) WITH ORDINALITY AS listed (one, place)), '', '', ''
FROM offer o WHERE NOT {_GONE.format("o")}
UNION ALL
SELECT 'offer.' || offer_id || '.' || state, customer_id, promise_id, coalesce(said_at, changed_at),
  CASE WHEN state = 'withdrawn' THEN 'said' ELSE 'answered' END, '', 'offer_' || state, taken, '', '', '', '', ''
FROM offer o WHERE state <> 'offered' AND NOT {_GONE.format("o")}
  AND NOT EXISTS (SELECT FROM answer WHERE answer.offer_id = o.offer_id)"""  # noqa: S608 - constants only
