"""Figures over many promises: how long they take to work out, and how fast every list of them answers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from bench.scale.bulk import until
from bench.scale.scenario import Finding, Scenario, at_most, within
from bench.scale.site import Site
from risk_svc.insight.on_time import GROUPS
from risk_svc.insight.sheets import BY
from risk_svc.insight.standings import BY as STANDING_BY

OPEN_SHARE: Final = 0.1
ASKED: Final = 15
LIMIT_MS: Final = 300.0
WATCHED: Final = 900.0
CUSTOMERS: Final = 20_000
PROMISES: Final = f"""
INSERT INTO insight_promise (promise_id, customer_id, kind, standing, shown, department, deliverer, value, currency,
  labels, places, made_at, requested_due, first_due, latest_due, held_due, completed_at, ended_at, missing, gap_version,
  score, p_slip, n, expected_from, expected_until)
SELECT $3 || n, 'c' || n % {CUSTOMERS}, 'kind' || n % 20, $2, true, 'team' || n % 40, 'crew' || n % 500, n % 1000,
  'EUR', jsonb_build_object('region', n % 12), jsonb_build_array('site:' || n % 50, 'grid:all'), made, made + '9 days',
  made + '10 days', made + '10 days', made + '10 days', done, done, CASE WHEN $2 <> 'open' THEN n % 3 * 0.1 END, 1,
  n % 1000 / 10.0, CASE WHEN $2 = 'open' THEN n % 100 / 100.0 END, 50, made + '10 days', made + '10 days'
FROM generate_series(1, $1::int) AS n,
  LATERAL (SELECT now() - n * interval '1 minute' AS made,
    CASE WHEN $2 <> 'open' THEN now() - n * interval '1 minute' + n % 14 * interval '1 day' END AS done) AS times"""
MILESTONES: Final = """
INSERT INTO insight_milestone (promise_id, milestone, planned, at, status, final)
SELECT promise_id, 'installed', first_due, completed_at, 'reached', true FROM insight_promise
WHERE standing <> 'open'"""
SCORES: Final = """
INSERT INTO insight_score (promise_id, version, at, standing, score, shares, facts)
SELECT promise_id, version, made_at + version * interval '1 hour', standing, version % 90, '[1, 0, 0, 0, 0]', '[]'
FROM insight_promise, generate_series(1, CASE WHEN standing = 'open' THEN 48 ELSE 2 END) AS version"""
STATEMENTS: Final = """
INSERT INTO insight_statement (statement_id, version, subject, customer_id, promise_id, kind, made_at, said_by, said_to,
  at, due, certainty, heard, heard_from, due_in, due_out, distortion, drift_date, drift_certainty)
SELECT promise_id || '-' || hop, 1, 'promise:' || promise_id, customer_id, promise_id, kind, made_at,
  (ARRAY['engineering', 'product', 'sales'])[hop], (ARRAY['product', 'sales', 'customer'])[hop],
  made_at + hop * interval '1 hour', first_due, 3, CASE WHEN hop > 1 THEN promise_id || '-' || (hop - 1) END,
  CASE WHEN hop > 1 THEN (ARRAY['engineering', 'product'])[hop - 1] END, first_due + moved, first_due,
  CASE WHEN hop > 1 THEN one % 1000 / 1000.0 END, CASE WHEN hop > 1 THEN 0.3 END, CASE WHEN hop > 1 THEN 0.0 END
FROM insight_promise, generate_series(1, 3) AS hop,
  LATERAL (SELECT hashtext(promise_id) & 1048575 AS one) AS numbers,
  LATERAL (SELECT one % 14 * interval '1 day' AS moved) AS days
WHERE standing = 'open' OR one % 5 = 0"""
MATTERS: Final = f"""
INSERT INTO insight_matter (kind, matter_id, version, customer_id, promise_id, capability_id, state, at, changed_at,
  ends_at, due, department, deliverer, said, verdict, recipients, reached, content)
SELECT kind, kind || n, 1, 'c' || n % {CUSTOMERS}, CASE WHEN kind <> 'claim' THEN 'o' || n END,
  CASE WHEN kind = 'claim' THEN 'k' || n % 200 END,
  CASE kind WHEN 'claim' THEN 'made'
    WHEN 'handoff' THEN (ARRAY['requested', 'countered', 'accepted', 'declined'])[1 + n % 4]
    WHEN 'offer' THEN (ARRAY['offered', 'taken', 'declined'])[1 + n % 3]
    ELSE (ARRAY['opened', 'settled'])[1 + n % 2] END,
  now() - n * interval '1 minute', now(), now() + n % 100 * interval '1 day' - interval '9 days',
  now() + n % 90 * interval '1 day', 'team' || n % 40, 'crew' || n % 500, 'available',
  (ARRAY['supported', 'over_claim', 'under_claim'])[1 + n % 3], n % 1000 + 1, n % 7, CASE kind
    WHEN 'offer' THEN jsonb_build_object('options', jsonb_build_array(jsonb_build_object(
      'name', 'half price', 'kind', 'goodwill', 'value', 250, 'currency', 'EUR', 'due', null)))
    WHEN 'challenge' THEN jsonb_build_object('about', 'promise', 'about_id', 'o' || n) ELSE '{{}}' END
FROM generate_series(1, $1::int) AS n, unnest(ARRAY['handoff', 'claim', 'offer', 'challenge']) AS kind"""
PLANS: Final = f"""
INSERT INTO insight_matter (kind, matter_id, version, customer_id, promise_id, state, at, changed_at, due, department,
  driver, action, since, content)
SELECT 'plan', 'p' || n, 1, 'c' || n % {CUSTOMERS}, 'o' || n, (ARRAY['open', 'done', 'done', 'dropped'])[1 + n % 4], at,
  at, at + '3 days', 'team' || n % 40, (ARRAY['lateness', 'scope'])[1 + n % 2], 'act' || n % 12, at + '1 day', '{{}}'
FROM generate_series(1, $1::int) AS n, LATERAL (SELECT now() - n * interval '1 minute' AS at) AS times"""
DRIVERS: Final = """
INSERT INTO insight_driver (plan_id, beside, plan_customer, customer_id, promise_id, driver, at, before, before_at,
  before_version, after, after_at, after_version)
SELECT matter_id, beside, customer_id, customer_id, CASE WHEN beside THEN 's' || matter_id ELSE promise_id END, driver,
  at, 0.6, at, 1, number % 10 / 10.0, since, 2
FROM insight_matter, unnest('{true,false}'::boolean[]) AS beside, LATERAL (SELECT hashtext(matter_id) & 1023 AS number)
  AS numbers
WHERE kind = 'plan'"""
REGISTER: Final = """
INSERT INTO insight_capability (capability_id, version, at, statuses)
SELECT 'k' || n % 200, n, now() - n * interval '1 hour', '[{"status": "planned"}]' FROM generate_series(0, 3999) AS n"""
INCIDENT: Final = """
INSERT INTO insight_incident (incident_id, version, severity, category, title, places, opened_at)
VALUES ('i1', 1, 0.5, 'outage', 'Grid down', '["grid:all"]', now())"""
SHEETS: Final = (
    *("account", "value_at_risk", "bias:team", "bias:deliverer", "bias:person", "silence", "spread"),
    *("surprise", "surprise:department", *(f"standing:{by}" for by in STANDING_BY)),
    *[f"rollup:{by}" for by in BY],
    *[f"punctuality:{by}" for by in GROUPS],
)
PATHS: Final = (
    "/v1/incidents/i1/promises?limit=100",
    "/v1/incidents/i1/promises?limit=100&sort=value",
    "/v1/rollups?by=customer",
    "/v1/rollups?by=department",
    "/v1/rollups?by=label",
    "/v1/accounts?limit=200",
    "/v1/accounts?limit=200&sort=value_at_risk",
    "/v1/accounts?limit=200&sort=gap&search=c99",
    "/v1/bias?by=team",
    "/v1/bias?by=deliverer&limit=200",
    "/v1/punctuality?by=month",
    "/v1/value-at-risk",
    "/v1/punctuality?by=team",
    "/v1/punctuality?by=customer&limit=200",
    "/v1/hops",
    "/v1/hops?kind=kind3&department=sales",
    "/v1/hops/statements?limit=200",
    "/v1/hops/statements?limit=200&kind=kind3&department=sales",
    "/v1/hops/statements?limit=200&min_distortion=0.5",
    "/v1/promises/o77/path",
    "/v1/handoffs?limit=200",
    "/v1/handoffs?limit=200&state=open",
    "/v1/handoffs?limit=200&state=open&sort=age",
    "/v1/incidents?limit=200",
    "/v1/handoffs?limit=200&state=declined",
    "/v1/offers?limit=200",
    "/v1/offers?limit=200&state=taken&option=goodwill",
    "/v1/challenges?limit=200",
    "/v1/challenges?limit=200&about=promise&about_id=o77",
    "/v1/claims?limit=200&verdict=false",
    "/v1/claims/recall?limit=200&capability=k7",
    "/v1/capabilities?limit=200",
    "/v1/plans?limit=200&state=open",
    "/v1/plans?limit=200",
    "/v1/plans?limit=200&state=done&driver=scope&action=act7",
    "/v1/plans?limit=200&state=overdue&sort=newest",
    "/v1/plans/actions",
    "/v1/plans/actions?driver=lateness",
    "/v1/claims/spread?limit=200",
    "/v1/surprises?limit=200",
    "/v1/surprises?limit=200&sort=size&verdict=worse&department=team3",
    "/v1/surprises/departments",
    "/v1/silences?limit=200",
    "/v1/standings?by=customer&limit=200",
    "/v1/accounts?limit=200&contact=silent",
    "/v1/gaps/o77/movement",
)


async def run(site: Site, count: int) -> Sequence[Finding]:
    """So many settled promises and a tenth of them open; all sheets worked out once, then every list asked."""
    still = max(1, round(count * OPEN_SHARE))
    connection = await site.connect("risk-svc")
    try:
        await _filled(connection, count, still)
        insight = await site.start("risk-insight")
        begun = time.monotonic()
        await until(connection, "SELECT count(*) FROM insight_sheet", len(SHEETS))
        took = time.monotonic() - begun
        web = await site.start("risk-web")
        answers = [await _asked(site, web.url, path) for path in PATHS]
    finally:
        await connection.close()
    return [
        Finding("rows", f"{count:,} settled, {still:,} open, {CUSTOMERS:,} customers"),
        within("all sheets worked out, the start of the process included", took, 120.0, WATCHED),
        at_most("memory of risk-insight, at most", insight.peak(), 1024, "MiB"),
        *answers,
    ]


async def _filled(connection: asyncpg.Connection[Any], count: int, still: int) -> None:
    await connection.execute(PROMISES, count, "kept", "s", timeout=WATCHED)
    await connection.execute(PROMISES, still, "open", "o", timeout=WATCHED)
    await connection.execute(MILESTONES, timeout=WATCHED)
    await _in_bulk(connection, "insight_statement", STATEMENTS)
    await connection.execute(SCORES, timeout=WATCHED)
    await connection.execute(MATTERS, still, timeout=WATCHED)
    await connection.execute(PLANS, still, timeout=WATCHED)
    await connection.execute(DRIVERS, timeout=WATCHED)
    await connection.execute(REGISTER)
    await connection.execute(INCIDENT)
    await connection.execute("VACUUM ANALYZE", timeout=WATCHED)


async def _in_bulk(connection: asyncpg.Connection[Any], table: str, rows: str) -> None:
    """Insert rows, and make the table's indexes afterwards, which takes a third of the time."""
    found = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1 AND indexname NOT LIKE '%_pkey'", table
    )
    for index in found:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    await connection.execute(rows, timeout=WATCHED)
    for index in found:
        await connection.execute(index["indexdef"], timeout=WATCHED)


async def _asked(site: Site, url: str, path: str) -> Finding:
    """The median of some askings, the first of which reads what no cache has yet."""
    took = []
    for _ in range(ASKED):
        begun = time.perf_counter()
        answer = await site.client.get(f"{url}{path}", headers=site.headers)
        took.append(1000 * (time.perf_counter() - begun))
        answer.raise_for_status()
    return at_most(f"{path}, median of {ASKED}", sorted(took)[ASKED // 2], LIMIT_MS, "ms")


SCENARIOS = (
    Scenario(
        name="insight",
        about="settled promises beside a tenth as many open ones, and one incident that hits all open ones",
        things="settled promises",
        stated=1_000_000,
        run=run,
        deadline=WATCHED,
    ),
)
