"""A wider search that begins with the best of a narrow one, as two studies.

The same as typing `tuner run examples/warm_start/narrow.toml`, then `... wider.toml`, whose search
space names narrow/best.json as a baseline.

    python examples/warm_start/run.py [--trials N --workers N]
"""

import argparse
from pathlib import Path

import tuner

HERE = Path(__file__).parent

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, help="of each study, instead of its file's 8")
    parser.add_argument("--workers", type=int, help="instead of one for each core")
    limits = vars(parser.parse_args())
    narrow = tuner.run_study(HERE / "narrow.toml", on_event=print, **limits)
    wider = tuner.run_study(HERE / "wider.toml", on_event=print, **limits)
    print(f"narrow: {narrow.best.value:.4f} by {narrow.best_schedule!r}")
    print(f"wider:  {wider.best.value:.4f} by {wider.best_schedule!r}")
