"""The benchmarks work: rounds alternate, the ratio is the right way round, the last line is what machines read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bench_recognition import gather
from benchmarks.measuring import Rounds, interleaved, report

ROOT = Path(__file__).parents[2]


def test_the_side_that_begins_changes_with_each_round() -> None:
    calls: list[str] = []
    interleaved(lambda n: calls.append(f"ours {n}"), lambda n: calls.append(f"baseline {n}"), rounds=3)
    assert calls == ["ours 0", "baseline 0", "baseline 1", "ours 1", "ours 2", "baseline 2"]


def test_faster_than_the_baseline_is_more_than_one_and_one_odd_round_does_not_decide() -> None:
    rounds = Rounds(ours=(1.0, 1.0, 9.0), baseline=(3.0, 2.0, 3.0))
    assert rounds.ratios == [3.0, 2.0, 1 / 3]
    assert rounds.ratio == 2.0


def test_the_report_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    report("n", ratio=1.23456, baseline="das andere", better="higher", figures={"pages": 3})
    (line,) = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert (said["name"], said["ratio"], said["baseline"], said["better"]) == ("n", 1.235, "das andere", "higher")
    assert said["figures"]["pages"] == 3
    assert said["figures"]["cores"] >= 1


def test_pages_to_recognise_come_with_what_stands_on_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EAKTE_CORPORA", str(tmp_path / "none"))
    material = gather(tmp_path / "scans.pdf", pages=3)
    assert material.name == "scans of the sample municipality"
    assert len(material.truth) == 3
    assert all(len(text) > 20 for text in material.truth)
    assert (tmp_path / "scans.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.journey
@pytest.mark.long
@pytest.mark.parametrize("name", ["search", "indexing"])
def test_the_search_benchmarks_measure_both_drivers(name: str, opensearch: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.bench_{name}", "--quick"]
    environment = {**os.environ, "EAKTE_TEST_OPENSEARCH_URL": opensearch}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["name"] == name
    assert min(said["ratio"], said["figures"]["opensearch_ratio"]) > 0


@pytest.mark.journey
@pytest.mark.long
def test_the_rights_benchmark_asks_both_people_the_same(opensearch: str) -> None:
    command = [sys.executable, "-m", "benchmarks.bench_rights", "--quick"]
    environment = {**os.environ, "EAKTE_TEST_OPENSEARCH_URL": opensearch}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["name"], said["better"], said["figures"]["shares"]) == ("rights", "lower", 100)
    worst = max(value for name, value in said["figures"].items() if name.endswith("_ratio"))
    assert said["ratio"] == pytest.approx(worst, abs=0.01)


@pytest.mark.journey
@pytest.mark.long
def test_the_benchmark_of_pages_opens_each_of_them_in_both_towns() -> None:
    command = [sys.executable, "-m", "benchmarks.bench_pages", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["name"], said["better"], said["figures"]["documents"]) == ("pages", "lower", 200)
    pages = [name.removesuffix("_ratio") for name in said["figures"] if name.endswith("_ratio")]
    assert {"start", "dossier", "document", "search", "inbox"} <= set(pages)
    assert said["ratio"] == pytest.approx(max(said["figures"][f"{name}_ratio"] for name in pages), abs=0.01)


@pytest.mark.journey
@pytest.mark.long
def test_the_clerks_jobs_are_done_and_counted() -> None:
    command = [sys.executable, "-m", "benchmarks.bench_interactions"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["name"], said["better"]) == ("interactions", "lower")
    assert len([count for name, count in said["figures"].items() if "_" in name and name != "load_1min_at_end"]) == 10


@pytest.mark.journey
@pytest.mark.long
def test_the_upload_benchmark_measures_the_real_service() -> None:
    command = [sys.executable, "-m", "benchmarks.bench_upload", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["name"], said["better"]) == ("upload", "higher")
    assert said["ratio"] > 0
    assert said["figures"]["documents_per_minute"] > 0
