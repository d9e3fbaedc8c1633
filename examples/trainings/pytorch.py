"""A classifier in PyTorch: a loop over epochs, with a scheduler and a line of output in each."""

import argparse

import torch
from data import fashion_mnist
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

torch.manual_seed(options.seed)
x_train, y_train, x_test, y_test = map(torch.as_tensor, fashion_mnist())
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 48), nn.ReLU(), nn.Linear(48, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.3)

for epoch in range(1, options.epochs + 1):
    for batch in torch.randperm(len(x_train)).split(40):
        loss = nn.functional.cross_entropy(model(x_train[batch]), y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    with torch.no_grad():
        right = (model(x_test).argmax(dim=1) == y_test).float().mean()
    print(f"epoch {epoch}: train loss {loss:.4f}, test accuracy {right:.4f}")
