"""How people reach a service that municipalities run: over TLS, behind a proxy."""

from __future__ import annotations

import httpx2

from tests.pages.pages_support import TOKEN
from tests.support.openssl import certificate
from tests.support.service import PASSWORD, Service


def enter(browser: httpx2.Client, password: str, login: str = "head63") -> httpx2.Response:
    """The sign-in page, filled in."""
    found = TOKEN.search(browser.get("/anmelden").text)
    assert found
    return browser.post("/anmelden", data={"csrf": found[1], "username": login, "password": password})


def start_over_tls(service: Service) -> None:
    """With its own certificate, behind a proxy of this machine that is trusted."""
    service.tls = certificate(service.folder)
    service.environment["EAKTE_TRUSTED_PROXIES"] = "127.0.0.1"
    service.start()
    assert service.url.startswith("https://")


def sign_in_over_tls(service: Service, login: str) -> None:
    """The cookie stays on this host and this line; the address is what the proxy saw, not what somebody forged."""
    with service.client() as browser:
        shown = browser.get("/anmelden")
        assert shown.headers["strict-transport-security"] == "max-age=31536000"
        found = TOKEN.search(shown.text)
        assert found
        said = {"csrf": found[1], "username": login, "password": PASSWORD}
        forwarded = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}
        answer = browser.post("/anmelden", data=said, headers=forwarded)
        assert answer.status_code == 303
        (cookie,) = (each for each in answer.headers.get_list("set-cookie") if each.startswith("__Host-eakte="))
        assert {"secure", "httponly", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
        addresses = {each["address"] for each in browser.get("/api/v1/sessions").json()["items"]}
        assert addresses == {"203.0.113.7"}
