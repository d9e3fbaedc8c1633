"""``python -m tuner`` is ``tuner``: the command line, or a line that says what it lacks."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> None:
    """Run the command line.

    Installed without its dependencies the package loads schedules, but has no command line.

    Args:
        arguments: What was typed; by default the process's.
    """
    try:
        from tuner.cli.main import main as run
    except ModuleNotFoundError as error:
        if (error.name or "tuner").partition(".")[0] == "tuner":
            raise
        sys.exit(
            f"error: the command tuner needs {error.name}, which is not installed; loading"
            " schedules does not. Type `pip install /path/to/schedule-tuner`, your clone, without"
            " --no-deps."
        )
    run(arguments)


if __name__ == "__main__":
    main()
