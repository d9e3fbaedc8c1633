"""What a run shows: redrawn lines for a person, one line an event otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live

from tuner.cli.board import drawn
from tuner.cli.console import dated, is_notebook, is_watched, talk
from tuner.cli.view import View
from tuner.search import EpochEnded, Event, Listener
from tuner.tasks import hearing

# Cut to the width, not folded.
_CUT: dict[str, Any] = {"soft_wrap": False, "no_wrap": True, "overflow": "ellipsis"}
# Lines of a screen that are no trials': the heading, where the study stands, the next prompt.
_OTHERS = 8
_LEAST_ROOM = 3


@contextmanager
def live(quiet: bool = False, *, timestamps: bool = False) -> Iterator[Listener]:
    """Show a run as it happens: in a terminal, a notebook, or as plain lines.

    In a terminal and in a notebook there is a line for every trial that trains, which is redrawn,
    and one that stays for every trial that ended; of a study with more trials than fill a screen
    for those that were better than all before. Elsewhere, as in a pipe or CI, it is one line
    an event. All of it goes to stderr.

    Args:
        quiet: Whether to show nothing.
        timestamps: Whether to write a line for each event with its date and local time in front,
            also in a terminal.

    Yields:
        A listener, to be passed as ``on_event``.

    Example:
        >>> import tuner
        >>> with tuner.live() as listen:  # doctest: +SKIP
        ...     result = tuner.run_study("studies/quickstart.toml", on_event=listen)
    """
    console = talk()
    if quiet:
        yield lambda _: None
    elif timestamps:
        yield lambda event: _say(console, event, dated)
    elif is_notebook():
        from tuner.cli.notebook import Notebook, outputs

        notebook = Notebook(outputs())
        with hearing(notebook.within):
            yield notebook.listen
    elif not is_watched():
        yield lambda event: _say(console, event)
    else:
        yield from _in_terminal(console)


def room_of(console: Console) -> int:
    """Return how many trials a screen has room for."""
    return max(console.size.height - _OTHERS, _LEAST_ROOM)


def _say(console: Console, event: Event, written: Callable[[str], str] = str) -> None:
    if not (isinstance(event, EpochEnded) and event.is_known):
        console.print(written(str(event)))


def _in_terminal(console: Console) -> Iterator[Listener]:
    """Redraw after every event, and every second for the time."""
    view = View(room_of(console))

    def lines() -> Group:
        return drawn(view.board(), room_of(console)) if view.is_under_way else Group()

    live = Live(console=console, get_renderable=lines, refresh_per_second=1, transient=True)

    def listen(event: Event) -> None:
        line = view.on(event)
        if line:
            live.console.print(line, **_CUT)
        live.refresh()

    with live, hearing(view.within):
        yield listen
