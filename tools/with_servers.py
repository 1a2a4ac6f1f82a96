"""with_servers COMMAND…: runs it beside one MinIO, one versitygw and one OpenSearch that all its test processes share.

What is given by `EAKTE_TEST_…_URL` is not started. What cannot be started is left to the tests to complain about.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.support.servers import minio_server, opensearch_server, versitygw_server

SERVERS = {
    "EAKTE_TEST_MINIO_URL": minio_server,
    "EAKTE_TEST_VERSITYGW_URL": versitygw_server,
    "EAKTE_TEST_OPENSEARCH_URL": opensearch_server,
}


def main() -> int:
    """Start, run, end; answers the exit code of the command."""
    with contextlib.ExitStack() as running:
        environment = dict(os.environ)
        for name, server in SERVERS.items():
            if not environment.get(name):
                with contextlib.suppress(RuntimeError, pytest.skip.Exception):
                    environment[name] = running.enter_context(server()).url
        return subprocess.run(sys.argv[1:], check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
