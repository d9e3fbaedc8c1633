"""An Optuna study of its own: the objective trains in PyTorch, and a constant rate is sampled."""

import optuna
import torch
from data import fashion_mnist
from torch import nn

import tuner

EPOCHS, BATCHES, TRIALS = 4, 40, 8
SPACE = {"space": "default", "base_lr": 0.05, "epochs": EPOCHS, "updates_per_epoch": BATCHES}
x_train, y_train, x_test, y_test = map(torch.as_tensor, fashion_mnist())


def objective(trial):
    """Train a classifier, and return its accuracy."""
    torch.manual_seed(0)
    width = trial.suggest_int("width", 32, 64)
    schedule = tuner.suggest_schedule(trial, **SPACE)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Linear(width, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scheduler = schedule.to_torch(optimizer)
    for epoch in range(EPOCHS):
        for batch in torch.randperm(len(x_train)).chunk(BATCHES):
            loss = nn.functional.cross_entropy(model(x_train[batch]), y_train[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
        with torch.no_grad():
            right = (model(x_test).argmax(dim=1) == y_test).float().mean().item()
        trial.report(right, step=epoch + 1)
        if trial.should_prune():
            raise optuna.TrialPruned
    return right


if __name__ == "__main__":
    study = optuna.create_study(
        storage="sqlite:///study.db",
        study_name="study",
        load_if_exists=True,
        direction="maximize",
        sampler=tuner.optuna.ScreeningSampler(**SPACE, seed=0),
        pruner=tuner.optuna.ForecastPruner(**SPACE, rungs=["1ep", "2ep"], keep=[0.25, 0.25]),
    )
    tuner.optuna.finish_killed(study, objective)
    study.optimize(objective, n_trials=TRIALS - len(study.trials))
    tuner.optuna.export(study, "best.json")
