"""Names of promises in a normal form, what parked reports ended, and labels that no rule knew."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("ALTER TABLE promise ADD due timestamptz")
    # As delivery_svc.domain.likeness.normal: of two forms of one name the first signs or the last are the same.
    op.execute("""
CREATE FUNCTION public.normal_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT left(regexp_replace(
    regexp_replace(lower(name), '(^|[^0-9])0+(?=[0-9])', '\\1', 'g'), '[^a-z0-9]+', '', 'g'), 64)
$$""")
    for table, column in (("promise", "promise_id"), ("reference", "ref_id")):
        name = f'public.normal_name({column}) COLLATE "C"'
        op.execute(f"CREATE INDEX {table}_normal ON {table} (({name}))")
        op.execute(f'CREATE INDEX {table}_backwards ON {table} ((reverse({name}) COLLATE "C"))')
    op.execute("""
CREATE TABLE parked_archive (
  day date NOT NULL,
  source text NOT NULL,
  system text NOT NULL,
  reports bigint NOT NULL,
  PRIMARY KEY (day, source, system))""")
    op.execute("""
CREATE TABLE unknown_label (
  source text NOT NULL,
  label text NOT NULL,
  value text NOT NULL,
  seen bigint NOT NULL,
  last_seen timestamptz NOT NULL,
  PRIMARY KEY (source, label, value))""")
    op.execute("CREATE INDEX unknown_label_last ON unknown_label (last_seen)")
