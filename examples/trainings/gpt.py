"""A small GPT over characters, by iterations, as public scripts that train GPT-2 are written.

Gradients are accumulated over micro-batches and clipped, matrices decay and vectors do not, the
script warms its learning rate up itself and lets it fall on a cosine, and it evaluates every so
many iterations: before the first one, too.
"""

import argparse
import math

import torch
from data import text
from torch import nn
from torch.nn import functional

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

max_iters, eval_interval, eval_iters = 80, 20, 20
batch_size, block_size, accumulation_steps = 8, 32, 2
n_layer, n_head, n_embd = 2, 2, 32
learning_rate, min_lr, warmup_iters = 1e-3, 1e-4, 8
weight_decay, grad_clip = 0.1, 1.0

torch.manual_seed(options.seed)
characters = sorted(set(text()))
number_of = {character: number for number, character in enumerate(characters)}
data = torch.tensor([number_of[character] for character in text()])
splits = {"train": data[: len(data) * 9 // 10], "val": data[len(data) * 9 // 10 :]}


class Block(nn.Module):
    """Causal attention, and a network for each place."""

    def __init__(self):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)
        self.attn, self.proj = nn.Linear(n_embd, 3 * n_embd), nn.Linear(n_embd, n_embd)
        self.mlp = nn.Sequential(
            nn.Linear(n_embd, 4 * n_embd), nn.GELU(), nn.Linear(4 * n_embd, n_embd)
        )

    def forward(self, x):
        """Return the block's output for (batch, place, embedding)."""
        b, t, _ = x.shape
        q, k, v = (
            part.view(b, t, n_head, -1).transpose(1, 2)
            for part in self.attn(self.ln_1(x)).chunk(3, dim=2)
        )
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(b, t, n_embd))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """A transformer that says the next character; its first and last matrix are one."""

    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(len(characters), n_embd)
        self.wpe = nn.Embedding(block_size, n_embd)
        self.blocks = nn.Sequential(*(Block() for _ in range(n_layer)))
        self.ln_f = nn.LayerNorm(n_embd)
        self.head = nn.Linear(n_embd, len(characters), bias=False)
        self.wte.weight = self.head.weight

    def forward(self, x, y):
        """Return the mean loss of the next characters."""
        h = self.blocks(self.wte(x) + self.wpe(torch.arange(x.shape[1])))
        return functional.cross_entropy(self.head(self.ln_f(h)).flatten(0, 1), y.flatten())

    def configure_optimizers(self):
        """Return AdamW, with weight decay for matrices alone."""
        parameters = [p for p in self.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": weight_decay},
            {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.95))


def get_batch(split):
    """Return random pieces of the text, and the same one character on."""
    starts = torch.randint(len(splits[split]) - block_size, (batch_size,)).tolist()
    pieces = torch.stack([splits[split][start : start + block_size + 1] for start in starts])
    return pieces[:, :-1], pieces[:, 1:]


@torch.no_grad()
def estimate_loss():
    """Return the mean loss of a few batches of each split."""
    model.eval()
    means = {
        split: sum(model(*get_batch(split)).item() for _ in range(eval_iters)) / eval_iters
        for split in splits
    }
    model.train()
    return means


def get_lr(iteration):
    """Return the learning rate of an iteration: warmup, then a cosine."""
    if iteration < warmup_iters:
        return learning_rate * iteration / warmup_iters
    done = min(1.0, (iteration - warmup_iters) / (max_iters - warmup_iters))
    return min_lr + 0.5 * (1 + math.cos(math.pi * done)) * (learning_rate - min_lr)


model = GPT()
optimizer = model.configure_optimizers()
for iter_num in range(max_iters + 1):
    lr = get_lr(iter_num)
    for param_group in optimizer.param_groups:
        param_group["lr"] = lr
    if iter_num % eval_interval == 0:
        losses = estimate_loss()
        print(f"step {iter_num}: train loss {losses['train']:.4f}, val loss {losses['val']:.4f}")
    for _ in range(accumulation_steps):
        loss = model(*get_batch("train")) / accumulation_steps
        loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), grad_clip)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
