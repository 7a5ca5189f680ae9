"""Alembic's entry for the bench database."""

from alembic import context
from sqlalchemy import MetaData

from candor.store import migrate

migrate.run(context, MetaData())
