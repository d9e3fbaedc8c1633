"""A classifier in Lightning, as its documentation writes one."""

import lightning
import torch
from data import fashion_mnist
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

x_train, y_train, x_test, y_test = map(torch.as_tensor, fashion_mnist())
train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=40, shuffle=True)
val_loader = DataLoader(TensorDataset(x_test, y_test), batch_size=250)


class LitClassifier(lightning.LightningModule):
    """A network with its loss, its metric and its optimizer."""

    def __init__(self):
        super().__init__()
        self.network = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(784, 48), torch.nn.ReLU(), torch.nn.Linear(48, 10)
        )

    def training_step(self, batch, batch_idx):
        """Return the loss of a batch."""
        x, y = batch
        return functional.cross_entropy(self.network(x), y)

    def validation_step(self, batch, batch_idx):
        """Log the accuracy."""
        x, y = batch
        self.log("val_acc", (self.network(x).argmax(dim=1) == y).float().mean())

    def configure_optimizers(self):
        """Return the optimizer and its scheduler."""
        optimizer = torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.3)]


def train():
    """Train the classifier."""
    model = LitClassifier()
    trainer = lightning.Trainer(
        max_epochs=4,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, train_loader, val_loader)
