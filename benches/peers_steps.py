"""The peers' side of benches/steps.rs: processor milliseconds of a training step.

usage: peers_steps.py FOLDER   (needs pandas, ctgan and torch; started by the benchmark)

`ctgan`: two fits of flchain that differ in their epochs alone. `arithmetic`: the same networks, losses and optimiser in
torch on numbers that are already encoded, and nothing else.
"""
import os

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import json, pathlib, sys, time, warnings

warnings.filterwarnings("ignore")
import pandas as pd
import torch
from ctgan import CTGAN
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
folder = pathlib.Path(sys.argv[1])
card = json.loads((folder / "flchain.json").read_text())
data = pd.read_csv(folder / "flchain.csv", dtype={c: str for c in card["categorical"]})
data = data.fillna({c: data[c].median() for c in data.columns if c not in card["categorical"]})


def fit(epochs):
    model = CTGAN(epochs=epochs)
    start = time.process_time()
    model.fit(data, card["categorical"])
    return time.process_time() - start, model


few, _ = fit(2)
many, model = fit(12)
width = int(model._transformer.output_dimensions)
out = {"width": width, "ctgan_cpu_ms": 1000 * (many - few) / (10 * max(len(data) // 500, 1))}


class Residual(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.linear, self.norm = nn.Linear(a, b), nn.BatchNorm1d(b)

    def forward(self, x):
        return torch.cat([torch.relu(self.norm(self.linear(x))), x], 1)


def bare(pack=10, rows=500):
    make = nn.Sequential(Residual(128, 256), Residual(384, 256), nn.Linear(640, width))
    parts = []
    for a in (width * pack, 256):
        parts += [nn.Linear(a, 256), nn.LeakyReLU(0.2), nn.Dropout(0.5)]
    judge = nn.Sequential(*parts, nn.Linear(256, 1))
    adam = lambda net: torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.9))
    to_make, to_judge = adam(make), adam(judge)
    real = torch.randn(rows, width)
    score = lambda x: judge(x.reshape(-1, width * pack))

    def step():
        made = torch.tanh(make(torch.randn(rows, 128))).detach()
        share = torch.rand(rows // pack, 1, 1).expand(-1, pack, width).reshape(-1, width)
        between = (share * real + (1 - share) * made).requires_grad_(True)
        said = score(between)
        (slope,) = torch.autograd.grad(said, between, torch.ones_like(said), create_graph=True)
        penalty = 10 * ((slope.reshape(-1, width * pack).norm(2, 1) - 1) ** 2).mean()
        to_judge.zero_grad()
        (score(made).mean() - score(real).mean() + penalty).backward()
        to_judge.step()
        to_make.zero_grad()
        (-score(torch.tanh(make(torch.randn(rows, 128)))).mean()).backward()
        to_make.step()

    for _ in range(5):
        step()
    start, steps = time.process_time(), 100
    for _ in range(steps):
        step()
    return 1000 * (time.process_time() - start) / steps


out["arithmetic_cpu_ms"] = bare()
print(json.dumps(out))
