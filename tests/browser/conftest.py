"""The real service, a small town in it, and a browser in front of it; on real servers in `make test-real`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.browser.desk import Office
from tests.conftest import real_servers
from tests.support.provider import GROUPS, SECRET, oidc_provider
from tests.support.service import Municipality, Service, data_folder
from tests.web.test_preview_browser import axe, browser

__all__ = ["axe", "browser", "office"]


@pytest.fixture(scope="module", params=["embedded", pytest.param("real", marks=pytest.mark.long)])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """`eakte serve` as a process of its own, as a municipality runs it."""
    with data_folder() as folder, oidc_provider() as issuer:
        service = Service(
            folder,
            EAKTE_TRUSTED_PROXIES="127.0.0.1",
            EAKTE_OIDC_ISSUER=issuer,
            EAKTE_OIDC_CLIENT_SECRET=SECRET,
            EAKTE_OIDC_SCOPE="openid profile groups",
            EAKTE_OIDC_GROUPS=json.dumps(GROUPS),
            EAKTE_OIDC_CREATE_ACCOUNTS="true",
            **(real_servers(request) if request.param == "real" else {}),
        )
        if request.param == "real":
            service.start_worker()
        service.start()
        with service.backends() as opened:
            yield Office(service, Municipality(opened), opened)
        service.stop_worker()
        assert service.stop() == 0, service.log.read_text()[-3000:]
