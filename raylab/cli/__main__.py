"""`python -m raylab.cli`."""

from raylab.cli import main

main()
