"""The components of the gap: each module defines one as COMPONENT (docs/guide/add-a-component.md)."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from candor.contracts import Component
from risk_svc.domain.component import GapComponent


def discover() -> tuple[GapComponent, ...]:
    """The component of every module in this package, in the order of the contract's enum."""
    found: list[GapComponent] = [
        import_module(f"{__name__}.{module.name}").COMPONENT for module in iter_modules(__path__)
    ]
    order = list(Component)
    return tuple(sorted(found, key=lambda component: order.index(Component(component.name))))


COMPONENTS: Final = discover()
