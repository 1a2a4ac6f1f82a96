"""A process that uses the private database of a folder, and does what it is told line by line: `ensure`, `close`.

Answers one JSON line each; the first one when it is inside, or why it is not.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from eakte.embedded import EmbeddedError, PrivateDatabase


def answer(**fields: object) -> None:
    sys.stdout.write(f"{json.dumps(fields)}\n")
    sys.stdout.flush()


def main(data_dir: Path) -> None:
    said: list[str] = []
    database = PrivateDatabase(data_dir, say=said.append)
    try:
        with database:
            answer(url=database.url, said=said)
            for line in sys.stdin:
                if line.strip() == "close":
                    break
                answer(started=database.ensure_running())
    except EmbeddedError as error:
        answer(error=type(error).__name__, message=str(error), said=said)
        return
    answer(closed=True)


main(Path(sys.argv[1]))
