"""The peers' side of benches/kernels_text.rs: the same texts and columns, the same scores. Prints JSON.

usage: peers_text.py text|distances|quality FOLDER   (started by the benchmark; text needs sacrebleu and rouge-score,
distances numpy and scipy, quality sdmetrics)
"""
import gc, json, pathlib, sys, time, warnings

warnings.filterwarnings("ignore")
part, folder = sys.argv[1], pathlib.Path(sys.argv[2])
out = {}


def timed(name, work, runs=3):
    times, cpu = [], []
    for _ in range(runs):
        gc.collect()
        start, used = time.perf_counter(), time.process_time()
        value = work()
        times.append((time.perf_counter() - start) * 1e3)
        cpu.append((time.process_time() - used) * 1e3)
        if times[0] > 5e3:
            break
    out[name] = {"best_ms": min(times), "best_cpu_ms": min(cpu), "value": value}


def text():
    import sacrebleu
    from rouge_score import rouge_scorer
    from sacrebleu.metrics import BLEU, CHRF, TER

    pairs = json.loads((folder / "pairs.json").read_text())
    texts, references = pairs["texts"], pairs["references"]
    timed("bleu", lambda: BLEU().corpus_score(texts, [references]).score, 1)
    each = BLEU(effective_order=True)
    timed("sentence_bleu", lambda: [each.sentence_score(t, [r]).score for t, r in zip(texts, references)], 1)
    timed("chrf", lambda: CHRF().corpus_score(texts, [references]).score, 1)
    timed("ter", lambda: TER().corpus_score(texts[:200], [references[:200]]).score, 1)
    kinds = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
    scorer = rouge_scorer.RougeScorer(kinds, use_stemmer=True)
    lines = lambda texts: [t.replace(". ", ".\n") for t in texts]

    def rouge():
        found = [scorer.score(r, t) for t, r in zip(lines(texts), lines(references))]
        return {k: [f[k].fmeasure for f in found] for k in kinds}

    timed("rouge", rouge, 1)
    out["versions"] = {"sacrebleu": sacrebleu.__version__, "python": sys.version.split()[0]}


def distances():
    import numpy as np
    import scipy
    from scipy import stats
    from scipy.spatial.distance import jensenshannon

    columns = [np.fromfile(p, "<f8").reshape(2, -1) for p in sorted(folder.glob("x*.f64"))]

    def divergence(x, z):
        lo, hi = min(x.min(), z.min()), max(x.max(), z.max())
        return float(jensenshannon(np.histogram(x, 50, (lo, hi))[0], np.histogram(z, 50, (lo, hi))[0], base=2))

    every = lambda f: [float(f(x, z)) for x, z in columns]
    timed("ks", lambda: every(lambda x, z: stats.ks_2samp(x, z, method="asymp").statistic), 1)
    timed("wasserstein", lambda: every(stats.wasserstein_distance), 1)
    timed("jensen_shannon", lambda: every(divergence), 1)
    out["versions"] = {"scipy": scipy.__version__, "numpy": np.__version__}


def quality():
    import numpy as np
    import pandas as pd
    import sdmetrics
    from sdmetrics.reports.single_table import QualityReport

    columns = {}
    for path in sorted(folder.glob("*.f64")):
        columns[path.stem] = np.fromfile(path, "<f8")
    for path in sorted(folder.glob("*.u8")):
        columns[path.stem] = np.fromfile(path, "u1").astype(str)
    table = pd.DataFrame(columns)
    real, synthetic = table[: len(table) // 2], table[len(table) // 2 :].reset_index(drop=True)
    kind = lambda name: "numerical" if name[0] == "n" else "categorical"
    metadata = {"columns": {name: {"sdtype": kind(name)} for name in table}}

    def report():
        made = QualityReport()
        made.real_correlation_threshold = made.real_association_threshold = 0
        made.generate(real, synthetic, metadata, verbose=False)
        return float(made.get_score())

    timed("quality", report, 1)
    out["versions"] = {"sdmetrics": sdmetrics.__version__, "pandas": pd.__version__}


{"text": text, "distances": distances, "quality": quality}[part]()
print(json.dumps(out))
