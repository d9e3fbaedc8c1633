"""``python -m tuner`` is ``tuner``."""

from tuner.cli.main import main

main()
