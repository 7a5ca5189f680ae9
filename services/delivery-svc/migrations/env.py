"""Alembic's entry: the schema of delivery-svc."""

from alembic import context

from candor.store.migrate import run
from delivery_svc.store.tables import Base

run(context, Base.metadata)
