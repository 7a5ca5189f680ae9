"""Alembic's entry: the schema of promise-svc."""

from alembic import context

from candor.store.migrate import run
from promise_svc.store.tables import Base

run(context, Base.metadata)
