"""OpenSSL as somebody who checks a signature without eakte."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support.needs import missing


def judge(folder: Path, *, signature: bytes, content: bytes, certificate: str) -> bool:
    """Whether OpenSSL accepts a detached CMS signature (DER) over the content, trusting this certificate (PEM)."""
    if shutil.which("openssl") is None:
        missing("openssl (tools/test-servers installs it)")
    for name, given in (("a.p7s", signature), ("a.bin", content), ("a.pem", certificate.encode())):
        (folder / name).write_bytes(given)
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "a.p7s", "-content", "a.bin"]
    command += ["-CAfile", "a.pem", "-purpose", "any", "-out", "/dev/null"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
