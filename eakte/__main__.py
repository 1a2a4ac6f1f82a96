"""`python -m eakte`."""

from eakte.cli.main import main

main()
