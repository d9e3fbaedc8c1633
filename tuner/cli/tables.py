"""Rows as a table for people, or as JSON or CSV for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table

from tuner.cli.console import print_row, results
from tuner.cli.formats import Format
from tuner.cli.written import write_csv, write_json
from tuner.definition import digits
from tuner.reading import EPOCHS, Unit, options_told, told
from tuner.repeats import (
    Comparison,
    Confirmation,
    plain_comparison,
    plain_confirm,
    plain_rows,
)
from tuner.report import (
    beside_sentences,
    better_sentence,
    compared_lines,
    comparison_sentence,
    confirmed_data,
    confirmed_sentence,
    measures_training,
    search_sentence,
    short,
)
from tuner.schedules import rule_to_dict, schedule_to_dict
from tuner.search import Summary, TrialRow
from tuner.studies import trial_columns

# In a table for people, sentences say what is worth a word of these.
_FOR_PROGRAMS = ("best_of_search", "best_averaged")
# What fresh seeds say of a schedule, in numbers.
_SPREAD = ("n", "mean", "sd", "se", "mean_low", "mean_high")


def show_trials(
    rows: Sequence[TrialRow],
    form: Format,
    metric: str,
    summary: Summary,
    confirmation: Confirmation | None,
    unit: Unit = EPOCHS,
) -> None:
    """Write trials; in CSV every parameter is a column, in JSON every epoch is there too.

    Args:
        rows: The trials.
        form: How they are written.
        metric: What judges, in words.
        summary: Says which trial is best, and which is the best of the search.
        confirmation: What fresh seeds say of them.
        unit: What their lengths are told in.
    """
    if form is not Format.table:
        fresh = plain_rows(confirmation) if confirmation else []
        standing = [_standing(row, summary, fresh) for row in rows]
        if form is Format.json:
            write_json(
                [{**_full(row, unit), **own} for row, own in zip(rows, standing, strict=True)]
            )
            return
        columns = trial_columns(rows, unit)
        columns["seconds"] = [f"{row.seconds:.1f}" for row in rows]
        for name in ("best", "best_of_search"):
            columns[name] = [own[name] for own in standing]
        for name in _SPREAD if fresh else ():
            columns[f"confirm_{name}"] = [(own["confirm"] or {}).get(name) for own in standing]
        write_csv(columns, zip(*columns.values(), strict=True))
        return
    notes = _notes(summary)
    options = [*dict.fromkeys(name for row in rows for name in row.options)]
    heads, is_tight = [metric, "family", "base LR", *options], options and results().is_terminal
    if is_tight:  # so that 80 columns have room for them
        heads = [name.replace("_", " ").replace(" ", "\n") for name in heads]
    table = plain_table("trial", "state", *heads, unit.words, "time", "note")
    if is_tight:
        table.padding = 0
    for row in rows:
        said = row.note
        if results().is_terminal and row.state == "pruned" and row.epochs:
            said = row._replace(reason="").note  # which the state and the epochs say
        table.add_row(
            str(row.number),
            row.state,
            "-" if row.value is None else f"{row.value:{digits(metric)}}",
            row.family,
            "-" if row.schedule is None else f"{row.schedule.base_lr:.4g}",
            *(told(row.options[name]) if name in row.options else "-" for name in options),
            str(unit.count(row.epochs)),
            f"{row.seconds:.0f} s",
            "; ".join(filter(None, (said, notes.get(row.number)))),
        )
    results().print(table)


def show_confirmation(confirmation: Confirmation, form: Format, metric: str = "accuracy") -> None:
    """Write a confirm: a row for each candidate, in JSON and CSV with all its numbers."""
    if form is not Format.table:
        rows = plain_rows(confirmation)
        if form is Format.json:
            write_json(rows)
            return
        plain = [{k: v for k, v in row.items() if not isinstance(v, dict)} for row in rows]
        write_csv(plain[0], (row.values() for row in plain))
        return
    found = confirmed_data(confirmation, metric)
    table = _narrow("schedule", "n", metric, "against the best baseline", "note")
    for line in found.lines:
        table.add_row(line.label, str(line.n), line.mean, line.difference, line.note)
    results().print(table)
    print_confirmed(confirmation, metric)


def print_confirmed(
    confirmation: Confirmation, metric: str, label: str = "confirmed:", width: int = 11
) -> None:
    """Print what fresh seeds say in a sentence, and what does better than the winner, if any."""
    print_row(label, confirmed_sentence(confirmation, metric), width)
    better = better_sentence(confirmation, metric)
    if better:
        print_row("", better, width)


def show_comparison(comparison: Comparison, form: Format) -> None:
    """Write a comparison: a row for each schedule, as the chapter prints them."""
    if form is not Format.table:
        rows = plain_comparison(comparison)
        if form is Format.json:
            write_json(rows)
            return
        plain = [{k: v for k, v in row.items() if not isinstance(v, (dict, list))} for row in rows]
        write_csv(plain[0], (row.values() for row in plain))
        return
    lines = compared_lines(comparison)
    metric = short(comparison.judged_by)
    more = ["published"] if any(line.published for line in lines) else []
    training = ["train loss", "train acc"] if measures_training(comparison) else []
    table = _narrow("schedule", "n", *training, metric, *more)
    for line in lines:
        numbers = [line.train_loss, line.train_accuracy][: len(training)]
        rest = [line.published] * len(more)
        table.add_row(line.label, str(line.n), *numbers, line.value, *rest)
    results().print(table)
    for line in lines:
        if line.note:
            print_row(f"{line.label}:", line.note, len(line.label) + 2)
    print_row("", comparison_sentence(comparison), 0)


def show_summary(
    summary: Summary,
    confirmation: Confirmation | None,
    storage: str,
    form: Format,
    metric: str = "accuracy",
    unit: Unit = EPOCHS,
) -> None:
    """Write where a study stands."""
    best, of_search, averaged = summary.best, summary.best_of_search, summary.best_averaged
    pairs: dict[str, Any] = {
        "study": summary.name,
        "storage": storage,
        "finished": summary.finished,
        "budget": summary.budget,
        **{state: summary.states[state] for state in sorted(summary.states)},
        f"{unit.words}_trained": unit.count(summary.epochs_trained),
        f"{unit.words}_given": unit.count(summary.epochs_given),
        "best_trial": best.number if best else None,
        "best_value": best.value if best else None,
        "best_family": best.family if best else None,
        **({"best_options": options_told(best.options)} if best and best.options else {}),
        "best_of_search_trial": of_search.number if of_search else None,
        "best_of_search_value": of_search.value if of_search else None,
        "best_of_search_family": of_search.family if of_search else None,
        "best_averaged_trial": averaged.row.number if averaged else None,
        "best_averaged_value": averaged.value if averaged else None,
        "best_averaged_family": averaged.row.family if averaged else None,
        "confirmed": confirmed_sentence(confirmation, metric) if confirmation else None,
    }
    if summary.false_prunes.controls:
        found = summary.false_prunes
        pairs["control_trials"] = found.controls
        pairs["controls_pruned_otherwise"] = found.would_be_pruned
        pairs["controls_in_best_tenth"] = found.best
        pairs["missed_by_pruning"] = found.missed
    if form is Format.json:
        write_json({**pairs, "confirm": plain_confirm(confirmation) if confirmation else None})
    elif form is Format.csv:
        winner = plain_rows(confirmation)[0] if confirmation and confirmation.winner else {}
        pairs |= {f"confirm_{name}": winner.get(name) for name in ("label", *_SPREAD)}
        write_csv(pairs, [pairs.values()])
    else:
        lines = {
            name.replace("given", "reused").replace("_", " "): value
            for name, value in pairs.items()
            if (name != f"{unit.words}_given" or value) and not name.startswith(_FOR_PROGRAMS)
        }
        if best and best.baseline:
            lines["best trial"] = f"{best.number} [{best.baseline}]"
        width = max(map(len, lines)) + 2
        for name, value in lines.items():
            number = f"{value:{digits(metric)}}" if isinstance(value, float) else value
            if name == "confirmed" and confirmation:
                print_confirmed(confirmation, metric, name, width)
            else:
                print_row(name, "-" if value is None else number, width)
            if name == "best trial" and summary.lost:
                print_row("", summary.lost, width)
            if name == "best family":
                told = [search_sentence(best, of_search, metric)]
                told += beside_sentences(summary, confirmation, metric)
                for sentence in filter(None, told):
                    print_row("", sentence, width)


def _full(row: TrialRow, unit: Unit) -> dict[str, Any]:
    return {
        **row._asdict(),
        "schedule": schedule_to_dict(row.schedule) if row.schedule else None,
        "rule": rule_to_dict(row.rule) if row.rule else None,
        "records": [record._asdict() for record in row.records],
        "family": row.family,
        unit.words: unit.count(row.epochs),
        "seconds": row.seconds,
    }


def _standing(row: TrialRow, summary: Summary, fresh: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return whether a trial is the best one, and what fresh seeds say of its schedule."""

    def is_it(other: TrialRow | None) -> bool:
        return other is not None and other.number == row.number

    own = [
        found
        for found in fresh
        if found["trial"] == row.number or (found["baseline"] and found["label"] == row.baseline)
    ]
    return {
        "best": is_it(summary.best),
        "best_of_search": is_it(summary.best_of_search),
        "confirm": next(iter(own), None),
    }


def _notes(summary: Summary) -> dict[int, str]:
    """Return how the trials are marked that must not be mistaken for each other."""
    best, of_search = summary.best, summary.best_of_search
    if best is None or of_search is None or best.number == of_search.number:
        return {}
    return {best.number: "confirmed winner", of_search.number: "best of the search"}


def plain_table(*columns: str) -> Table:
    """Return a table of numbers, and of words that are folded."""
    table = _narrow() if results().is_terminal else Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        justify: Any = "left" if name in ("state", "family", "note") else "right"
        whole = name not in ("family", "note")
        table.add_column(name, justify=justify, no_wrap=whole, overflow="fold")
    return table


def _narrow(*columns: str) -> Table:
    """Make a table for 80 columns: near each other, and words are folded, on less numbers too."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    is_wide = results().width >= 80
    for name in columns:
        whole = name not in ("schedule", "note") and (is_wide or not name.startswith("against"))
        table.add_column(name, no_wrap=whole, overflow="fold")
    return table
