"""An Optuna study of its own: the objective trains in PyTorch, and a constant rate is sampled."""

import optuna
import torch
from data import fashion_mnist
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from torch import nn

EPOCHS, BATCHES, TRIALS = 4, 40, 8
x_train, y_train, x_test, y_test = map(torch.as_tensor, fashion_mnist())


def objective(trial):
    """Train a classifier, and return its accuracy."""
    torch.manual_seed(0)
    width = trial.suggest_int("width", 32, 64)
    lr = trial.suggest_float("lr", 1e-3, 1.0, log=True)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Linear(width, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for epoch in range(EPOCHS):
        for batch in torch.randperm(len(x_train)).chunk(BATCHES):
            loss = nn.functional.cross_entropy(model(x_train[batch]), y_train[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
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
        sampler=TPESampler(seed=0),
        pruner=MedianPruner(n_startup_trials=3),
    )
    study.optimize(objective, n_trials=TRIALS - len(study.trials))
