"""OpenSSL as somebody who checks a signature without eakte, and who makes a certificate for a service."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.needs import missing


@dataclass(frozen=True)
class Certificate:
    """A certificate for 127.0.0.1 that signs itself, and its key."""

    file: Path
    key: Path


def certificate(folder: Path) -> Certificate:
    """A new one, of two days."""
    made = Certificate(folder / "tls.pem", folder / "tls.key")
    order = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=eakte"
    names = ("-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-out", str(made.file), "-keyout", str(made.key))
    subprocess.run([*order.split(), *names, *files], check=True, capture_output=True)
    return made


def judge(folder: Path, *, signature: bytes, content: bytes, certificate: str) -> bool:
    """Whether OpenSSL accepts a detached CMS signature (DER) over the content, trusting this certificate (PEM)."""
    if shutil.which("openssl") is None:
        missing("openssl (tools/test-servers installs it)")
    for name, given in (("a.p7s", signature), ("a.bin", content), ("a.pem", certificate.encode())):
        (folder / name).write_bytes(given)
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "a.p7s", "-content", "a.bin"]
    command += ["-CAfile", "a.pem", "-purpose", "any", "-out", "/dev/null"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
