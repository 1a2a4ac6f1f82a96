"""The built files: byte-identical KERN, fonts that write every German name, nothing from outside, small enough."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from unicodedata import normalize

import pytest
from fontTools.ttLib import TTFont

from eakte.web.rendering import BUILT, static
from tools import build_assets

ROOT = Path(__file__).resolve().parents[2]
# DIN 91379:2022, data type C (names and other text in Latin letters), as ranges; and the marks of its letter sequences.
DIN_91379 = (
    "20-7E A0-AC AE-17E 187-188 18F 197 1A0-1A1 1AF-1B0 1B7 1CD-1DC 1DE-1DF 1E2-1F0 1F4-1F5 1F8-1FF 212-213 218-21B "
    "21E-21F 227-233 259 268 292 2B9-2BA 2BE-2BF 2C8 2CC 1E02-1E03 1E06-1E07 1E0A-1E11 1E17 1E1C-1E2B 1E2F-1E37 "
    "1E3A-1E3B 1E40-1E49 1E52-1E5B 1E5E-1E63 1E6A-1E6F 1E80-1E87 1E8C-1E97 1E9E 1EA0-1EF9 2019 2021 20AC "
    "300-302 304 306-308 30B-30C 310 315 31B 323 325-326 328 32E 331 35F-360"
)


def _codes() -> set[int]:
    ranges = [part.split("-") for part in DIN_91379.split()]
    return {code for first, *last in ranges for code in range(int(first, 16), int(last[0] if last else first, 16) + 1)}


def _built(name: str) -> Path:
    return BUILT / static(name).rpartition("/")[2]


def test_every_letter_of_din_91379_renders_from_our_own_fonts() -> None:
    gaps = set(TTFont(_built("noto-sans-gaps.woff2")).getBestCmap())
    for weight in ("400", "600"):
        letters = set(TTFont(_built(f"fira-sans-{weight}.woff2")).getBestCmap())
        # The browser composes a letter that the font lacks out of its base and marks, where the font has these.
        composed = {code for code in _codes() if {ord(part) for part in normalize("NFD", chr(code))} <= letters}
        assert {f"{code:04X}" for code in _codes() - composed - gaps} == set()


def test_the_styles_take_the_gap_font_for_just_the_letters_it_lends() -> None:
    css = _built("ea.css").read_text(encoding="utf-8")
    ranges = set(re.findall(r"unicode-range: ([^;]+);", css))
    assert len(ranges) == 1
    parts = [part.strip().removeprefix("U+").split("-") for part in ranges.pop().split(",")]
    named = {code for first, *last in parts for code in range(int(first, 16), int(last[0] if last else first, 16) + 1)}
    assert named == set(build_assets.FONT_GAPS)


def test_fonts_carry_their_licence() -> None:
    for name in ("fira-sans-400.woff2", "fira-sans-600.woff2", "noto-sans-gaps.woff2"):
        assert "Open Font License" in TTFont(_built(name))["name"].getDebugName(13)


def test_names_carry_the_hash_of_the_content_and_nothing_else_lies_there() -> None:
    manifest = json.loads((BUILT / "manifest.json").read_text(encoding="utf-8"))
    for hashed in manifest["files"].values():
        digest = hashlib.sha256((BUILT / hashed).read_bytes()).hexdigest()
        assert hashed.split(".")[-2] == digest[:12]
    known = {name + end for name in manifest["files"].values() for end in ("", ".gz", ".br")} | {"manifest.json"}
    assert {path.name for path in BUILT.iterdir()} <= known


def test_no_file_of_ours_leads_to_another_host() -> None:
    for name in (
        "ea.css",
        "ea.js",
        "keys.js",
        "upload.js",
        "viewer.js",
        "pagewords.js",
        "hits.js",
        "tree.js",
        "dialogs.js",
    ):
        found = re.findall(r"(?:https?:)?//[a-z][\w.-]+\.\w+", _built(name).read_text(encoding="utf-8"))
        assert [host for host in found if "www.w3.org" not in host] == []


def test_every_neighbour_a_file_names_is_there() -> None:
    for name in ("ea.css", "ea.js", "keys.js", "hits.js", "upload.js", "viewer.js", "pagewords.js"):
        named = re.findall(r'url\("([^"]+)"\)|"\./([^"]+)"', _built(name).read_text(encoding="utf-8"))
        assert {one or two for one, two in named if not (BUILT / (one or two)).is_file()} == set()


def test_a_first_visit_stays_small() -> None:
    first = ("kern.min.css", "ea.css", "ea.js", "keys.js", "dialogs.js", "announce.js", "htmx.js", "icons.svg")
    compressed = sum(_built(name).with_name(_built(name).name + ".br").stat().st_size for name in first)
    fonts = sum(_built(f"fira-sans-{weight}.woff2").stat().st_size for weight in (400, 600))
    assert compressed + fonts < 180_000
    own = [path for path in BUILT.glob("*.js.br") if not path.name.startswith("htmx")]
    assert sum(path.stat().st_size for path in own) < 20_000


def test_the_lock_names_no_host() -> None:
    assert "resolved" not in (ROOT / "package-lock.json").read_text(encoding="utf-8")


def test_the_build_is_current_and_a_changed_input_makes_it_due(tmp_path: Path) -> None:
    assert build_assets.is_current(ROOT)
    for name in ("package-lock.json", "tools/build_assets.py", "eakte/web/assets/ea.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    assert not build_assets.is_current(tmp_path)


def test_without_npm_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build_assets, "find_spec", lambda _: None)
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    with pytest.raises(build_assets.AssetError, match="npm fehlt"):
        build_assets.fetch_packages(tmp_path, tmp_path / "here")


def test_a_package_that_cannot_be_fetched_is_one_line_and_status_1(tmp_path: Path) -> None:
    program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tools import build_assets
try:
    build_assets.fetch_packages(Path({str(ROOT)!r}), Path({str(tmp_path)!r}))
except build_assets.AssetError as error:
    sys.exit(print(error) or 1)
"""
    offline = {"npm_config_offline": "true", "npm_config_cache": str(tmp_path / "cache")}
    path = {"PATH": ":".join((str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"))}
    done = subprocess.run(
        [sys.executable, "-c", program], env=offline | path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert done.stdout.count("\n") == 1
    assert done.stdout.startswith("Die Pakete der Oberfläche ließen sich nicht holen (npm ci): ")
