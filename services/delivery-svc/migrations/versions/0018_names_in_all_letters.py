"""The normal form of names keeps letters of all alphabets: without them `Заказ-17` and `Бронь-17` were one name."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    # As delivery_svc.domain.likeness.normal.
    op.execute(r"""
CREATE OR REPLACE FUNCTION public.normal_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT left(regexp_replace(
    regexp_replace(lower(name COLLATE "C"), '(^|[^0-9])0+(?=[0-9])', '\1', 'g'),
    '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u206f\u2116\u3000-\u303f]+', '', 'g'), 64)
$$""")
    for table in ("promise", "reference"):
        for way in ("normal", "backwards"):
            op.execute(f"REINDEX INDEX {table}_{way}")
