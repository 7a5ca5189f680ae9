"""Alembic's entry: the schema of risk-svc."""

from alembic import context

from candor.store.migrate import run
from risk_svc.store.tables import Base

run(context, Base.metadata)
