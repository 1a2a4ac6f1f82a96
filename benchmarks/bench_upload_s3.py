"""Upload by HTTP to eakte with its files in S3, against a bare SDK put of the same bytes to the same server.

Ours: one client files a document over HTTP; the clock stops at 201, when bytes, row, log entry and job are kept.
Baseline: `put_object` of the minio SDK (its defaults) with the same bytes. The server is MinIO on this machine. No
worker runs, so that only uploading is timed. The ratio says how much of the bare speed is left: 1 would be a service
that costs nothing.
"""

from __future__ import annotations

import io
import os
import secrets
import statistics

import httpx2
from minio import Minio

from benchmarks.measuring import Figure, Rounds, interleaved, progress, report, rounded, wants_quick
from eakte.bootstrap import s3_location
from tests.support.postgres import debian_postgres, new_database
from tests.support.servers import minio_server
from tests.support.service import Municipality, Service, data_folder, upload

MIB = 2**20


class Sides:
    """The same bytes both ways. Each put has other bytes: nothing is stored twice."""

    def __init__(self, client: httpx2.Client, bare: Minio, bucket: str, dossier: str) -> None:
        self._client = client
        self._bare = bare
        self._bucket = bucket
        self._dossier = dossier
        self._content = b""
        self._count = 0

    def of(self, size: int, count: int) -> Sides:
        """Set what a round uploads: `count` files of `size` bytes."""
        self._content, self._count = os.urandom(size), count
        return self

    def ours(self, _round: int) -> None:
        """File them."""
        for number in range(self._count):
            metadata = {"dossier": self._dossier, "title": f"Messung {number}"}
            upload(self._client, metadata, self._fresh(), "messung.bin").raise_for_status()

    def bare(self, _round: int) -> None:
        """Put them."""
        for _number in range(self._count):
            content = self._fresh()
            self._bare.put_object(self._bucket, secrets.token_hex(16), io.BytesIO(content), len(content))

    def _fresh(self) -> bytes:
        return secrets.token_bytes(16) + self._content[16:]


def main() -> None:
    """Measure and report."""
    quick = wants_quick(__doc__)
    sizes = (
        {"letter": (MIB // 4, 4), "large": (32 * MIB, 1)}
        if quick
        else {"letter": (MIB // 4, 40), "large": (256 * MIB, 2)}
    )
    rounds = 1 if quick else 5
    with minio_server() as server, debian_postgres() as admin, data_folder() as folder:
        progress("starting the service")
        service = Service(folder, EAKTE_STORAGE_URL=f"{server.url}/akten", EAKTE_DATABASE_URL=new_database(admin))
        service.command("migrate")
        service.start()
        try:
            with service.backends() as backends:
                token = Municipality(backends).tokens["clerk63"]
            location = s3_location(f"{server.url}/bare")
            bare = Minio(location.host, location.access_key, location.secret_key, secure=False, region=location.region)
            bare.make_bucket(location.bucket, object_lock=True)  # versions cost the same on both sides
            with service.client(token) as client:
                body = {"plan_class": "632.2", "title": "Messung"}
                dossier = client.post("/api/v1/dossiers", json=body).raise_for_status().json()["id"]
                sides = Sides(client, bare, location.bucket, dossier)
                results = {}
                for name, (size, count) in sizes.items():
                    both = sides.of(size, count)
                    both.ours(-1)  # warm both up
                    both.bare(-1)
                    results[name] = interleaved(both.ours, both.bare, rounds=rounds)
        finally:
            service.stop()
    tell(results, sizes, rounds)


def tell(results: dict[str, Rounds], sizes: dict[str, tuple[int, int]], rounds: int) -> None:
    """Report the large files' ratio, and letters beside it."""
    figures: dict[str, Figure] = {"rounds": rounds}
    for name, (size, count) in sizes.items():
        measured = results[name]
        figures[f"{name}_bytes"] = size
        figures[f"{name}_ratio"] = round(measured.ratio, 3)
        figures[f"{name}_ratios"] = rounded(measured.ratios)
        figures[f"{name}_mib_per_second"] = round(size * count / MIB / statistics.median(measured.ours), 1)
        figures[f"{name}_bare_mib_per_second"] = round(size * count / MIB / statistics.median(measured.baseline), 1)
        figures[f"{name}_seconds_each"] = round(statistics.median(measured.ours) / count, 4)
    baseline = "put_object of the minio SDK with the same bytes to the same MinIO"
    report("upload-s3", ratio=results["large"].ratio, baseline=baseline, better="higher", figures=figures)


if __name__ == "__main__":
    main()
