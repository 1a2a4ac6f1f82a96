"""veraPDF as a judge of PDF/A: a program that shares nothing with the libraries that make our renditions."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest


@dataclass(frozen=True)
class Verdict:
    """What veraPDF says: by which profile it judged (the one that the file claims), and whether the file conforms."""

    flavour: str
    conforms: bool
    why: str


def cache() -> Path:
    """Where tools/servers/fetch puts things."""
    known = os.environ.get("EAKTE_TEST_CACHE")
    return Path(known) if known else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "eakte-test"


def verapdf(paths: Sequence[Path]) -> tuple[str, dict[Path, Verdict]]:
    """The program's version, and its verdict on each file; one Java machine for all of them."""
    java, libraries = cache() / "java" / "bin" / "java", cache() / "verapdf" / "lib"
    if not (java.exists() and libraries.is_dir()):
        _missing(f"veraPDF in {cache()} (tools/test-servers gets it)")
    program = [str(java), "-Xmx1g", "-cp", f"{libraries}/*", "org.verapdf.apps.GreenfieldCliWrapper"]
    # Flavour 0: the one that the file claims. The exit code only says that some file does not conform.
    command = [*program, "--format", "json", "--flavour", "0", "--loglevel", "0", *map(str, paths)]
    said = subprocess.run(command, capture_output=True, check=False)
    if not said.stdout:
        raise RuntimeError(said.stderr.decode(errors="replace")[-2000:])
    report = json.loads(said.stdout)["report"]
    verdicts = {Path(job["itemDetails"]["name"]): _verdict(job) for job in report["jobs"]}
    assert set(verdicts) == set(paths)
    parts = report["buildInformation"]["releaseDetails"]
    return next(part["version"] for part in parts if part["id"] == "core"), verdicts


def _verdict(job: dict[str, Any]) -> Verdict:
    if "validationResult" not in job:
        return Verdict("", conforms=False, why=str(job.get("taskException"))[:300])
    result = job["validationResult"][0]
    flavour = result["profileName"].removeprefix("PDF/A-").partition(" ")[0].lower()
    return Verdict(flavour, conforms=result["compliant"] is True, why=json.dumps(result.get("details"))[:1000])


def _missing(what: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        raise RuntimeError(f"CI needs {what}")
    pytest.skip(f"MISSING SERVER: {what}")
