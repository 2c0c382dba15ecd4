"""The peers' side of benches/synthesis.rs: makes the split, trains peers, judges synthetic rows of both sides alike.

usage: peers_synthesis.py split|judge FOLDER WORK [peers]
(needs pandas, scikit-learn, sdmetrics; with `peers` also sdv, ctgan and torch; started by the benchmark)

Judged by: SDMetrics' quality report against the training rows; AUROC on the held-out quarter of a logistic regression
and of boosted trees trained on synthetic rows (TSTR) beside the same trained on real rows (TRTR); AUROC of boosted
trees that tell real from synthetic rows (three folds); the label's gap between protected groups.
"""
import os

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import json, pathlib, sys, time, warnings

warnings.filterwarnings("ignore")
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

TABLES = ("flchain", "nafld1", "health_insurance")
EPOCHS = {"flchain": 300, "nafld1": 100, "health_insurance": 150}
what, folder, work = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])


def split(table):
    card = json.loads((folder / f"{table}.json").read_text())
    data = pd.read_csv(folder / f"{table}.csv", dtype={c: str for c in card["categorical"]})
    parts = train_test_split(data, test_size=0.25, random_state=0, stratify=data[card["target"]])
    return card, *(p.reset_index(drop=True) for p in parts)


def learners(frame, card):
    words = [c for c in frame.columns if c in card["categorical"]]
    numbers = [c for c in frame.columns if c not in words]
    filled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler())
    linear = ColumnTransformer([("n", filled, numbers), ("c", OneHotEncoder(handle_unknown="ignore"), words)])
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    trees = ColumnTransformer([("n", "passthrough", numbers), ("c", codes, words)])
    return {
        "logistic": make_pipeline(linear, LogisticRegression(max_iter=2000)),
        "trees": make_pipeline(trees, HistGradientBoostingClassifier(max_iter=150, random_state=0)),
    }


def aurocs(train, test, card):
    out = {}
    dropped = [card["target"], *[c for c in card["drop_from_ml"] if c in train.columns]]
    outcome = lambda f: (f[card["target"]].astype(str) == str(card["positive"])).astype(int)
    if outcome(train).nunique() < 2:
        return {"logistic": None, "trees": None}
    for name, model in learners(train.drop(columns=dropped), card).items():
        model.fit(train.drop(columns=dropped), outcome(train))
        out[name] = round(float(roc_auc_score(outcome(test), model.predict_proba(test.drop(columns=dropped))[:, 1])), 4)
    return out


def told_apart(real, made, card):
    n = min(len(real), len(made), 6000)
    both = pd.concat([real.sample(n, random_state=0), made.sample(n, random_state=0)], ignore_index=True)
    side = np.r_[np.ones(n), np.zeros(n)]
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    trees = learners(both, card)["trees"]
    shares = cross_val_predict(trees, both, side, cv=folds, method="predict_proba")[:, 1]
    return round(float(roc_auc_score(side, shares)), 4)


def gap(frame, card):
    outcome = (frame[card["target"]].astype(str) == str(card["positive"])).astype(int)
    rates = outcome.groupby(frame[card["protected"]].astype(str)).mean()
    return round(float(rates.max() - rates.min()), 4)


def judged(table, card, train, test, made, **more):
    from sdmetrics.reports.single_table import QualityReport

    made = made[train.columns].copy()
    for c in card["categorical"]:
        made[c] = made[c].astype(str)
    kinds = {c: {"sdtype": "categorical" if c in card["categorical"] else "numerical"} for c in train.columns}
    report = QualityReport()
    report.generate(train, made, {"columns": kinds}, verbose=False)
    row = {
        "table": table, **more, "quality": round(float(report.get_score()), 4), "tstr": aurocs(made, test, card),
        "trtr": aurocs(train, test, card), "told_apart": told_apart(train, made, card), "label_gap": gap(made, card),
        "label_gap_real": gap(train, card),
        "lost_levels": {c: sorted(set(train[c]) - set(made[c])) for c in card["categorical"] if set(train[c]) - set(made[c])},
    }
    if table == "nafld1":
        row["bmi_missing_given_weight_missing"] = round(float(made.bmi.isna()[made.weight.isna()].mean()), 4)
    print(json.dumps(row), flush=True)


def peers(table, card, train, test):
    import torch
    from sdv.metadata import Metadata
    from sdv.single_table import CTGANSynthesizer, GaussianCopulaSynthesizer, TVAESynthesizer

    torch.set_num_threads(1)
    columns = {c: {"sdtype": "categorical" if c in card["categorical"] else "numerical"} for c in train.columns}
    about = Metadata.load_from_dict({"tables": {"t": {"columns": columns}}, "relationships": [], "METADATA_SPEC_VERSION": "V1"})
    epochs = EPOCHS[table]
    kinds = {
        "gaussian_copula": lambda: GaussianCopulaSynthesizer(about),
        "tvae": lambda: TVAESynthesizer(about, epochs=epochs),
        "ctgan": lambda: CTGANSynthesizer(about, epochs=epochs),
    }
    for kind, make in kinds.items():
        for seed in range(3):
            torch.manual_seed(seed)
            np.random.seed(seed)
            peer = make()
            start = time.process_time()
            peer.fit({"t": train})
            spent = time.process_time() - start
            made = peer.sample(len(train))
            made = made["t"] if isinstance(made, dict) else made
            judged(table, card, train, test, made, kind=kind, seed=seed, fit_cpu_s=round(spent, 1))


for table in TABLES:
    card, train, test = split(table)
    if what == "split":
        train.to_csv(work / f"{table}.csv", index=False)
        continue
    for path in sorted(work.glob(f"{table}.*.*.csv")):
        _, kind, seed, _ = path.name.split(".")
        made = pd.read_csv(path, dtype={c: str for c in card["categorical"]})
        judged(table, card, train, test, made, kind=kind, seed=int(seed))
    if "peers" in sys.argv[4:]:
        peers(table, card, train, test)
