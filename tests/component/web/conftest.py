"""Fixtures of sign-in: a provider on a real port, honest again for each test, a site and a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.identity import IdentityProvider, identity_provider
from tests.support.signing_in import Browser, Site


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def provider() -> AsyncIterator[IdentityProvider]:
    async with identity_provider() as made:
        yield made


@pytest.fixture
def idp(provider: IdentityProvider) -> IdentityProvider:
    provider.reset()
    return provider


@pytest.fixture
def site(idp: IdentityProvider) -> Site:
    return Site(idp.url)


@pytest_asyncio.fixture(loop_scope="session")
async def browser(site: Site) -> AsyncIterator[Browser]:
    async with Browser(site) as made:
        yield made
