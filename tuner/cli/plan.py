"""What ``tuner check`` says before a study, and ``tuner run`` after it."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from tuner.cli.console import command, print_row, results, talk
from tuner.definition import warnings_of
from tuner.reading import options_told
from tuner.schedules import Schedules
from tuner.storage import hide_password
from tuner.tasks import NamedTask

if TYPE_CHECKING:
    from tuner.definition import StudySpec
    from tuner.reading import Unit
    from tuner.studies import Plan, StudyResult, Tried

_GLUON = """\
import tuner

mx = tuner.import_mxnet()  # `import mxnet as mx`, which alone fails beside NumPy 1.24 and later
schedule = tuner.load_schedule({path!r})

net = mx.gluon.nn.Dense(1)  # your network, your data, your loss
net.initialize()
inputs, targets = mx.nd.random.normal(shape=(8, 4)), mx.nd.random.normal(shape=(8, 1))
loss = mx.gluon.loss.L2Loss()
{options}
trainer = mx.gluon.Trainer(net.collect_params(), "sgd", options)  # or yours
{drive}for update in range(1, 4):
    with mx.autograd.record():
        batch_loss = loss(net(inputs), targets)
    batch_loss.backward()
    trainer.step(batch_size=8)
    print(f"update {{update}}: learning rate {{trainer.learning_rate:.6f}}")
"""
_ALONE = {
    "options": 'options = {"lr_scheduler": schedule, "learning_rate": schedule.base_lr}',
    "drive": "",
}
_WITH_MOMENTUM = {
    "options": 'options = {"learning_rate": schedule.base_lr, "momentum": 0.9}',
    "drive": "schedule.to_mxnet(trainer)  # its momentum as well\n",
}
_TORCH = """\
import torch
import tuner

schedule = tuner.load_schedule({path!r})

net = torch.nn.Linear(4, 1)  # your network, your data, your loss
inputs, targets = torch.randn(8, 4), torch.randn(8, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=schedule.base_lr)  # or yours
scheduler = schedule.to_torch(optimizer)
for update in range(1, 4):
    print(f"update {{update}}: learning rate {{optimizer.param_groups[0]['lr']:.6f}}")
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(net(inputs), targets).backward()
    optimizer.step()
    scheduler.step()  # after every update, not after every epoch
"""
_ANY = """\
import tuner

schedule = tuner.load_schedule({path!r})

for update in range(1, 4):  # your training's updates, the first of which is 1
    print(f"update {{update}}: learning rate {{schedule(update):.6f}}")
"""


def show_plan(plan: Plan, file: Path) -> None:
    """Print what a study will do."""
    spec = plan.spec
    words = {"updates_per_epoch": spec.unit.key}
    task = ", ".join(f"{words.get(k, k)} = {value}" for k, value in spec.task.identity().items())
    length = f"{spec.time} of training, whose updates are measured before the first trial"
    rows = [
        ("study", f"{spec.name}, {hide_password(spec.storage_url)}"),
        ("task", f"{spec.training.name}: {task}"),
        ("horizon", length if spec.time else _horizon(plan)),
        ("budget", _budget(plan)),
        ("sampler", _settings(spec.sampler.model_dump())),
        ("pruner", _settings(spec.pruner.model_dump()) if spec.time else _pruner(spec)),
        ("confirm", _confirm(spec)),
        ("judged by", _judge(spec)),
        ("space", spec.space.name),
    ]
    # What durations come to is known once the length is measured.
    for name, param in ({} if spec.time else spec.space.params).items():
        where = "; ".join(f"{key} in {', '.join(map(str, of))}" for key, of in param.when)
        span = ", ".join(map(str, param.choices)) or f"{param.low:g}..{param.high:g}"
        log = " (log)" if param.log else ""
        if name == "base_lr" and spec.ranges:
            span, log = "a range, which is found by a ramp before the first trial", ""
        rows.append(("", f"{name}: {span}{log}" + (f"   if {where}" if where else "")))
    for baseline in spec.space.baselines:
        outside = "" if baseline.values or not spec.space.params else ", outside the space"
        shown = "" if spec.time else f": {baseline.given!r}"
        rows.append(("baseline", f"{baseline.label}{outside}{shown}"))
        if baseline.options:
            rows.append(("", f"with {options_told(baseline.options)}"))
    for name, text in rows:
        print_row(name, text, 10)
    for warning in warnings_of(spec, spec.budget.trials):
        talk().print(f"warning: {warning}")
    well = "all is well."
    if plan.tried is not None:
        print_row("trained", _tried(plan.tried, spec.unit), 10)
    elif isinstance(spec.task, NamedTask):
        # What a built-in task does is known.
        well = f"nothing was trained; `{command('check', file, '--train')}` tries it."
    talk().print(f"\n{well} {_next(plan)}: {command('run', file)}")


def show_result(result: StudyResult, again: str, trials: str, *, program: bool) -> None:
    """Print what a run left behind and what to do with it.

    Args:
        result: The study.
        again: The command that continues it.
        trials: The command that lists its trials.
        program: Whether to print a program that trains under its best schedule.
    """
    from tuner.cli.tables import print_confirmed
    from tuner.report import beside_sentences, search_sentence

    out = results()
    summary = result.summary
    states = ", ".join(f"{count} {state}" for state, count in sorted(summary.states.items()))
    unit = result.spec.unit
    trained = f"{unit.told(summary.epochs_trained)} trained"
    if summary.epochs_given:
        trained += f", {unit.count(summary.epochs_given)} taken from trials that begin alike"
    out.print(f"trials    {states}; {trained}")
    if result.ended == "timeout":
        talk().print(f"out of time; continue with: {again}")
    best, of_search, confirmation = summary.best, summary.best_of_search, result.confirmation
    if best is None or of_search is None:
        print_row("best", summary.lost or "no trial is complete yet", 10)
        return
    objective = result.spec.objective
    value = f"{best.state} in the search"
    if best.state == "complete":
        value = f"{objective.judged_by} {best.value:{objective.digits}}"
    out.print(f"best      {best.title}, {value}")
    if confirmation:
        print_confirmed(confirmation, objective.noun, "confirmed", 10)
    if sentence := search_sentence(best, of_search, objective.judged_by):
        print_row("", sentence, 10)
    for sentence in beside_sentences(summary, confirmation, objective.judged_by):
        print_row("", sentence, 10)
    print_row("", best.schedule_text, 10)
    if best.options:
        print_row("", f"with {options_told(best.options)}", 10)
    schedule, page = result.folder / "best.json", result.folder / "report.html"
    out.print(f"schedule  {schedule}\nreport    {page}")
    if program and result.ended != "timeout":
        trained_with = () if result.spec.training.name == "table" else of_search.versions
        text = snippet(schedule, trained_with, several=isinstance(best.schedule, Schedules))
        out.print(f"\nThe schedule in a training of your own:\n\n{text}")
    talk().print(f"next      {command('show', schedule)}\n          {trials}")


def snippet(path: Path, trained_with: Container[str], *, several: bool) -> str:
    """Return a program that trains under a schedule file, with the framework of its study.

    Args:
        path: The file.
        trained_with: The packages that the study was trained with.
        several: Whether the schedule has more than a learning rate.
    """
    by_framework = {"mxnet": _GLUON, "torch": _TORCH}
    found = (text for name, text in by_framework.items() if name in trained_with)
    return next(found, _ANY).format(path=str(path), **(_WITH_MOMENTUM if several else _ALONE))


def _horizon(plan: Plan) -> str:
    """Return how long a training is, in epochs or reports, and in updates."""
    spec, size = plan.spec, plan.updates_per_epoch
    if spec.training.report_every is None:
        return f"{spec.epochs} epochs x {size} updates = {plan.horizon}"
    return f"{plan.horizon} updates, reported after {spec.unit.each}"


def _budget(plan: Plan) -> str:
    trials, time = plan.spec.budget.trials, plan.spec.time
    most = f"{time} each" if time else plan.spec.unit.told(plan.most_epochs)
    return f"{trials} trials, at most {most}"


def _tried(tried: Tried, unit: Unit) -> str:
    words = [
        f"{unit.told(tried.epochs)} under {tried.schedule!r},"
        f" in {tried.seconds:.1f} s with repeats",
        "twice the same from one seed",
        "the same from its state"
        if tried.resumes
        else "it has no state to go on from, so a trial that is interrupted starts over",
    ]
    if tried.uses_seed is not None:
        words.append(
            "another one from another seed"
            if tried.uses_seed
            else "the same from another seed too, so a confirm says nothing"
        )
    return "; ".join(words)


def _next(plan: Plan) -> str:
    budget = plan.spec.budget.trials
    if not plan.finished:
        return "Start it with"
    begun = f"{plan.finished} of {budget} trials are finished."
    if plan.finished < budget:
        return f"{begun} Continue it with"
    if plan.spec.confirm.enabled:
        return f"{begun} Confirm it, or add some (--trials N), with"
    return f"{begun} Add some (--trials N) with"


def _judge(spec: StudySpec) -> str:
    size = spec.objective.held_out
    examples = spec.objective.examples and f" on {spec.objective.examples}"
    if size:
        examples = f" on {size} training examples, held out,"
    smaller = ", the smaller the better" if spec.objective.minimized else ""
    return f"{spec.objective.metric}{examples} after the last {spec.unit.word}{smaller}"


def _confirm(spec: StudySpec) -> str:
    settings = spec.confirm
    if not settings.enabled:
        return "not at the end of a run"
    trainings = (settings.top + len(spec.space.baselines)) * settings.max_seeds
    best = "the best trial" if settings.top == 1 else f"the best {settings.top} trials"
    seeds = f"{settings.seeds} to {settings.max_seeds}"
    if settings.seeds == settings.max_seeds:
        seeds = f"{settings.seeds}"
    most = f"{trainings} x {spec.time}" if spec.time else spec.unit.told(trainings * spec.epochs)
    return (
        f"{best} and {len(spec.space.baselines)} baselines on {seeds} fresh seeds, at most {most}"
    )


def _pruner(spec: StudySpec) -> str:
    """Return the pruner's settings, its rungs as the epochs or updates that they come to."""
    from tuner.search import Rungs

    pruner, unit = spec.pruner, spec.unit
    if not isinstance(pruner, Rungs):
        return unit.reworded(_settings(pruner.model_dump()))
    kept = sorted(pruner.by_epoch(spec.epochs).items())
    after = [(f"after {unit.word} {unit.count(epoch)}", share) for epoch, share in kept]
    rungs = ", ".join(f"{rung} keep {share:g}" for rung, share in after)
    name, _, rest = _settings(pruner.model_dump(exclude={"rungs", "keep"})).partition(": ")
    return f"{name}: {rungs or f'no rung before the last {unit.word}'}; {rest}"


def _settings(settings: dict[str, object]) -> str:
    rest = ", ".join(
        f"{key} = {value}" for key, value in settings.items() if key != "type" and value != {}
    )
    return f"{settings['type']}" + (f": {rest}" if rest else "")
