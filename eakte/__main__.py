"""`eakte` and `python -m eakte`."""

from __future__ import annotations

import gc


def start() -> None:
    """Load the command that is called, and run it."""
    # What is imported stays: looking through it for garbage again and again is a tenth of a start.
    gc.disable()
    from eakte.cli.main import main  # noqa: PLC0415 - nothing of it may be loaded before

    main()


if __name__ == "__main__":
    start()
