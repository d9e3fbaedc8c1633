"""What ``tuner check`` says before a study, and ``tuner run`` after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuner.cli.console import command, results, talk
from tuner.storage_urls import hide_password

if TYPE_CHECKING:
    from tuner.project import Plan
    from tuner.spec import StudySpec
    from tuner.study_result import StudyResult

_SNIPPET = """\
import tuner

mx = tuner.import_mxnet()  # `import mxnet as mx`, which alone fails beside NumPy 1.24 and later
schedule = tuner.load_schedule({path!r})

net = mx.gluon.nn.Dense(10)  # your network, your data
net.initialize()
inputs, labels = mx.nd.random.normal(shape=(256, 784)), mx.nd.arange(256) % 10
loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {{"lr_scheduler": schedule}})
for update in range(1, 4):
    with mx.autograd.record():
        batch_loss = loss(net(inputs), labels)
    batch_loss.backward()
    trainer.step(batch_size=256)
    print(f"update {{update}}: learning rate {{trainer.learning_rate:.6f}}")
"""


def show_plan(plan: Plan, file: Path) -> None:
    """Print what a study will do."""
    spec = plan.spec
    task = ", ".join(f"{key} = {value}" for key, value in spec.task.identity().items())
    rows = [
        ("study", f"{spec.name}, {hide_password(spec.storage_url)}"),
        ("task", f"{spec.training.name}: {task}"),
        ("horizon", f"{spec.epochs} epochs x {plan.updates_per_epoch} updates = {plan.horizon}"),
        ("budget", f"{spec.budget.trials} trials, at most {plan.most_epochs} epochs"),
        ("sampler", _settings(spec.sampler.model_dump())),
        ("pruner", _settings(spec.pruner.model_dump())),
        ("confirm", _confirm(spec)),
        ("judged by", _judge(spec)),
        ("space", spec.space.name),
    ]
    for name, param in spec.space.params.items():
        where = "; ".join(f"{key} in {', '.join(map(str, of))}" for key, of in param.when)
        span = ", ".join(map(str, param.choices)) or f"{param.low:g}..{param.high:g}"
        log = " (log)" if param.log else ""
        rows.append(("", f"{name}: {span}{log}" + (f"   if {where}" if where else "")))
    rows += [("baseline", f"{b.label}: {b.schedule!r}") for b in spec.space.baselines]
    for name, text in rows:
        results().print(f"{name:<10}{text}", markup=False)
    talk().print(f"\nall is well. Start it with: {command('run', file)}", markup=False)


def show_result(result: StudyResult, again: str, trials: str) -> None:
    """Print what a run left behind and what to do with it.

    Args:
        result: The study.
        again: The command that continues it.
        trials: The command that lists its trials.
    """
    from tuner.report.confirmed import confirmed_sentence
    from tuner.results import ranking

    out = results()
    summary = result.summary
    states = ", ".join(f"{count} {state}" for state, count in sorted(summary.states.items()))
    epochs = f"{summary.epochs_trained} epochs trained"
    if summary.epochs_given:
        epochs += f", {summary.epochs_given} taken from trials that begin alike"
    out.print(f"trials    {states}; {epochs}", markup=False)
    if result.ended == "timeout":
        talk().print(f"out of time; continue with: {again}", markup=False)
    if not ranking(result.trials):
        out.print("best      no trial is complete yet", markup=False)
        return
    best, confirmation = ranking(result.trials)[0], result.confirmation
    judged_by = result.spec.objective.judged_by
    out.print(f"best      trial {best.number}, {judged_by} {best.value:.4f}", markup=False)
    if confirmation:
        out.print(f"confirmed {confirmed_sentence(confirmation)}", markup=False)
    out.print(f"          {result.best_schedule!r}", markup=False)
    schedule, page = result.folder / "best.json", result.folder / "report.html"
    out.print(f"schedule  {schedule}\nreport    {page}", markup=False)
    out.print(f"\nThe schedule in a training of your own:\n\n{snippet(schedule)}", markup=False)
    talk().print(f"next      {command('show', schedule)}\n          {trials}", markup=False)


def snippet(path: Path) -> str:
    """Return a program that trains a Gluon network under a schedule file."""
    return _SNIPPET.format(path=str(path))


def _judge(spec: StudySpec) -> str:
    size = spec.objective.held_out
    examples = f"{size} training examples, held out," if size else "the test set"
    smaller = ", the smaller the better" if spec.objective.minimized else ""
    return f"{spec.objective.metric} on {examples} after the last epoch{smaller}"


def _confirm(spec: StudySpec) -> str:
    settings = spec.confirm
    if not settings.enabled:
        return "not at the end of a run"
    trainings = (settings.top + len(spec.space.baselines)) * settings.max_seeds
    return (
        f"the best {settings.top} trials and {len(spec.space.baselines)} baselines on"
        f" {settings.seeds} to {settings.max_seeds} fresh seeds, at most"
        f" {trainings * spec.epochs} epochs"
    )


def _settings(settings: dict[str, object]) -> str:
    rest = ", ".join(f"{key} = {value}" for key, value in settings.items() if key != "type")
    return f"{settings['type']}" + (f": {rest}" if rest else "")
