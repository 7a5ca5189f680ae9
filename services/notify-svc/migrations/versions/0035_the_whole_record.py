"""On a customer's record also: what was not said and why, when a taken option would be due, and what was wished."""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.execute("ALTER TABLE wish ADD said_at timestamptz")
    op.execute(_VIEW)


# Of a customer who is being erased nothing is listed, before the rows are gone.
_GONE = "EXISTS (SELECT FROM erasure WHERE erasure.customer_id = {0}.customer_id AND {0}.born <= erasure.born)"

_WAY = """
coalesce((SELECT channel FROM delivery WHERE delivery.notice_id = n.notice_id
    AND delivery.state IN ('sent', 'unknown') LIMIT 1), '')"""

_NO_DUE = "NULL::timestamptz"

# A name of an option is unique in its offer.
_DUE = """
(SELECT (one->>'due')::timestamptz FROM offer AS taken, jsonb_array_elements(taken.options) AS one
   WHERE taken.offer_id = {0}.offer_id AND one->>'name' = {1} LIMIT 1)"""

_OPTIONS = """
(SELECT coalesce(string_agg(one->>'name' || coalesce(
     to_char((one->>'due')::timestamptz AT TIME ZONE 'UTC', '", by "YYYY-MM-DD HH24:MI" UTC"'), ''), '; '
     ORDER BY place), '')
   FROM jsonb_array_elements(options) WITH ORDINALITY AS listed (one, place))"""

# What is decided anew at once is on the record as what came of that.
_DECIDED_ANEW = "('superseded', 'stale', 'next_channel', 'channel_gone', 'sending_off', 'erased')"

_VIEW = f"""
CREATE OR REPLACE VIEW customer_record AS
SELECT notice_id AS entry_id, customer_id, promise_id, changed_at AS at, 'said' AS direction, {_WAY} AS way,
  statement AS kind, '' AS choice, subject, body AS words, state, approved_by, edited_by,
  {_NO_DUE} AS due, '' AS reason
FROM notice n
WHERE audience = 'customer' AND state IN ('sent', 'unknown') AND reason <> 'said_by_phone' AND NOT {_GONE.format("n")}
UNION ALL
SELECT answer_id, customer_id, promise_id, at, 'answered', 'page', kind, choice, '', words, '', '', '',
  CASE WHEN kind = 'option' THEN {_DUE.format("a", "a.choice")} END, ''
FROM answer a WHERE NOT {_GONE.format("a")}
UNION ALL
SELECT call_id, customer_id, promise_id, at, 'said', 'phone', 'call', '', '', said, 'sent', staff, '', {_NO_DUE}, ''
FROM phone_call c WHERE NOT {_GONE.format("c")}
UNION ALL
SELECT call_id || '.answered', customer_id, promise_id, at, 'answered', 'phone', 'call', '', '', answered, '', staff,
  '', {_NO_DUE}, ''
FROM phone_call c WHERE answered <> '' AND NOT {_GONE.format("c")}
UNION ALL
SELECT notice_id, customer_id, promise_id, changed_at, 'said', {_WAY}, 'question', '', subject, body, state, '', '',
  {_NO_DUE}, ''
FROM notice n WHERE audience = 'asked' AND state IN ('sent', 'unknown') AND NOT {_GONE.format("n")}
UNION ALL
SELECT 'offer.' || offer_id, customer_id, promise_id, at, 'said', '', 'offer', '', '', {_OPTIONS}, '', '', '',
  {_NO_DUE}, ''
FROM offer o WHERE NOT {_GONE.format("o")}
UNION ALL
SELECT 'offer.' || offer_id || '.' || state, customer_id, promise_id, coalesce(said_at, changed_at),
  CASE WHEN state = 'withdrawn' THEN 'said' ELSE 'answered' END, '', 'offer_' || state, taken, '', '', '', '', '',
  {_DUE.format("o", "o.taken")}, ''
FROM offer o WHERE state <> 'offered' AND NOT {_GONE.format("o")}
  AND NOT EXISTS (SELECT FROM answer WHERE answer.offer_id = o.offer_id)
UNION ALL
SELECT notice_id, customer_id, promise_id, changed_at, 'not_said', '',
  CASE WHEN audience = 'asked' THEN 'question' ELSE statement END, '', subject, withheld_for, state, '', '',
  {_NO_DUE}, reason
FROM notice n WHERE audience IN ('customer', 'asked') AND state IN ('suppressed', 'failed')
  AND reason NOT IN {_DECIDED_ANEW} AND NOT {_GONE.format("n")}
UNION ALL
SELECT 'wish.' || wish_id, customer_id, promise_id, at, 'answered', '', 'wish', '', '',
  concat_ws('; ', nullif(public_text, ''), 'until then: ' || nullif(workaround, ''),
    'to be looked at again on ' || to_char(look_again_on, 'YYYY-MM-DD')), '', '', '', {_NO_DUE}, ''
FROM wish w WHERE NOT {_GONE.format("w")}
UNION ALL
SELECT 'wish.' || wish_id || '.' || state, customer_id, promise_id, coalesce(said_at, changed_at), 'not_said', '',
  'wish_' || state, '', '', public_text, '', '', '', {_NO_DUE}, 'noted'
FROM wish w WHERE state <> 'open' AND NOT {_GONE.format("w")}"""  # noqa: S608 - constants only
