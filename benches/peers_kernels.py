"""The peers' side of benches/kernels.rs: the same columns, the same metrics. Prints JSON.

usage: peers_kernels.py FOLDER   (needs numpy, scikit-learn, fairlearn; started by the benchmark)
"""
import json, pathlib, sys, warnings

import numpy as np
import sklearn.metrics as M
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from peers_common import out, timed

warnings.filterwarnings("ignore")
folder = pathlib.Path(sys.argv[1])
p = np.fromfile(folder / "p.f32", dtype="<f4")
y, g = (np.fromfile(folder / f"{n}.u8", dtype="u1") for n in ("y", "g"))
y = y.astype(bool)
yhat = p >= np.float32(0.5)
n = len(y)


def accuracy():
    return (y == yhat).mean()


def f1():
    tp = np.count_nonzero(y & yhat)
    fp, fn = np.count_nonzero(yhat) - tp, np.count_nonzero(y) - tp
    tn = n - tp - fp - fn
    return (2 * tp / (2 * tp + fp + fn) + 2 * tn / (2 * tn + fp + fn)) / 2


def in_order(p, y):
    order = np.argsort(p, kind="quicksort")
    ps, ys = p[order], y[order]
    starts = np.flatnonzero(np.r_[True, ps[1:] != ps[:-1]])
    pos = np.add.reduceat(ys, starts, dtype=np.int64)
    return pos, np.diff(np.r_[starts, len(ps)]) - pos


def areas(pos, neg):
    below = np.cumsum(neg) - neg
    area = float(np.sum(pos * (below + 0.5 * neg))) / (float(pos.sum()) * float(neg.sum()))
    hits, called = np.cumsum(pos[::-1]), np.cumsum((pos + neg)[::-1])
    return area, float(np.sum(pos[::-1] / pos.sum() * (hits / called)))


def brier():
    return np.mean((p - y) ** 2)


def log_loss():
    return -np.mean(np.log(np.where(y, p, 1 - p)))


def ece(bins=15):
    i = np.minimum((p * bins).astype(np.int64), bins - 1)
    c = np.bincount(i, minlength=bins)
    sp, sy = np.bincount(i, weights=p, minlength=bins), np.bincount(i, weights=y, minlength=bins)
    held = c > 0
    return np.sum(np.abs(sp[held] - sy[held])) / n


def dpd(yhat, g, k=5):
    rates = np.bincount(g, weights=yhat, minlength=k) / np.bincount(g, minlength=k)
    return rates.max() - rates.min()


def odds(k=5):
    cells = np.bincount(g.astype(np.int64) * 4 + y * 2 + yhat, minlength=4 * k).reshape(k, 2, 2)
    tpr, fpr = cells[:, 1, 1] / cells[:, 1].sum(1), cells[:, 0, 1] / cells[:, 0].sum(1)
    return max(np.ptp(tpr), np.ptp(fpr))


timed("six/scikit-learn", lambda: [M.accuracy_score(y, yhat), M.f1_score(y, yhat, average="macro"), M.roc_auc_score(y, p),
      M.average_precision_score(y, p), M.brier_score_loss(y, p), M.log_loss(y, p)], runs=1)
timed("six/numpy", lambda: [accuracy(), f1(), areas(*in_order(p, y)), brier(), log_loss()], runs=3)
timed("auroc/numpy", lambda: areas(*in_order(p, y))[0], runs=3)
timed("brier/numpy", brier)
timed("log loss/numpy", log_loss)
timed("ece/numpy", ece)
timed("dpd/numpy", lambda: dpd(yhat, g))
timed("parity and odds/numpy", lambda: [dpd(yhat, g), odds()])
m = slice(0, 1_000_000)
timed("dpd, 1 M rows/fairlearn", lambda: demographic_parity_difference(y[m], yhat[m], sensitive_features=g[m]), runs=1)
timed("odds, 1 M rows/fairlearn", lambda: equalized_odds_difference(y[m], yhat[m], sensitive_features=g[m]), runs=1)

few = slice(0, 100_000)


def bootstrap_auroc(draws=1000):
    rng = np.random.default_rng(0)
    p_, y_ = p[few], y[few]
    order = np.argsort(p_)
    ps, ys = p_[order], y_[order].astype(np.float64)
    starts = np.flatnonzero(np.r_[True, ps[1:] != ps[:-1]])
    found = np.empty(draws)
    for b in range(draws):
        w = np.bincount(rng.integers(0, len(ps), len(ps)), minlength=len(ps))
        pos, neg = np.add.reduceat(w * ys, starts), np.add.reduceat(w * (1 - ys), starts)
        below = np.cumsum(neg) - neg
        found[b] = np.sum(pos * (below + 0.5 * neg)) / (pos.sum() * neg.sum())
    return np.percentile(found, [2.5, 97.5])


def bootstrap_dpd(draws=1000):
    rng = np.random.default_rng(0)
    cells = np.bincount(g[few] * 2 + yhat[few], minlength=10)
    drawn = rng.multinomial(cells.sum(), cells / cells.sum(), size=draws).reshape(draws, 5, 2)
    rates = drawn[:, :, 1] / drawn.sum(2)
    return np.percentile(rates.max(1) - rates.min(1), [2.5, 97.5])


timed("bootstrap auroc/numpy", bootstrap_auroc, runs=2)
timed("bootstrap dpd/numpy", bootstrap_dpd)
import fairlearn, sklearn

out["versions"] = {"numpy": np.__version__, "scikit-learn": sklearn.__version__, "fairlearn": fairlearn.__version__}
print(json.dumps(out))
