"""Alembic's entry: the schema of notify-svc."""

from alembic import context

from candor.store.migrate import run
from notify_svc.store.tables import Base

run(context, Base.metadata)
