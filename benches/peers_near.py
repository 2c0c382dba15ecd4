"""The peers' side of benches/kernels_near.rs: the same columns, the same questions. Prints JSON.

usage: peers_near.py FOLDER WIDTH   (needs numpy, pandas, scikit-learn, polars, duckdb; started by the benchmark)
"""
import gc, json, pathlib, sys, time

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import sklearn
from sklearn.neighbors import NearestNeighbors

folder, width = pathlib.Path(sys.argv[1]), int(sys.argv[2])
read = lambda name, kind: np.fromfile(folder / name, dtype=kind)
out = {}


def timed(name, work, runs):
    walls, cpus = [], []
    for _ in range(runs):
        gc.collect()
        cpu, start = time.process_time(), time.perf_counter()
        value = work()
        walls.append(time.perf_counter() - start)
        cpus.append(time.process_time() - cpu)
    out[name] = {"best_s": min(walls), "median_s": sorted(walls)[runs // 2], "best_cpu_s": min(cpus), "value": str(value)[:40]}


x, q = (read(f"{n}.f32", "<f4").reshape(-1, width) for n in ("train", "synthetic"))
nearest = lambda x, q: np.median(NearestNeighbors(n_neighbors=1, algorithm="brute", n_jobs=-1).fit(x).kneighbors(q)[0])
timed("dcr/sklearn f32", lambda: nearest(x, q), 5)
wide = x.astype(np.float64), q.astype(np.float64)
timed("dcr/sklearn f64", lambda: nearest(*wide), 3)


def blocked():
    norms, best = (x * x).sum(1), np.empty(len(q), np.float32)
    for i in range(0, len(q), 1000):
        part = q[i : i + 1000]
        squares = (part * part).sum(1)[:, None] + norms - 2 * part @ x.T
        best[i : i + 1000] = np.sqrt(np.maximum(squares.min(1), 0))
    return np.median(best)


timed("dcr/numpy f32", blocked, 3)

names = {
    "sex": ["F", "M", "X"],
    "eth": ["white", "black", "asian", "hispanic", "other"],
    "marital": ["single", "married", "divorced", "widowed"],
    "dx": [f"I{i:02d}" for i in range(40)],
}
columns = {"age": read("age.i16", "<i2"), "zip3": read("zip3.i16", "<i2")}
columns |= {n: np.array(l)[read(f"{n}.u8", "u1")] for n, l in names.items()}
text = pl.DataFrame(columns)
enum = text.with_columns(pl.col(n).cast(pl.Enum(l)) for n, l in names.items())
con = duckdb.connect()
con.execute("set threads=2")
con.register("v", pd.DataFrame(columns))
con.execute("create table t as select * from v")
quasi = ["age", "sex", "zip3", "eth", "marital"]
by = ",".join(quasi)
one = lambda sql: con.execute(sql).fetchone()
for kind, frame in (("polars", text), ("polars enum", enum)):
    k = lambda: frame.lazy().group_by(quasi).len().select(pl.col("len").min()).collect().item()
    l = lambda: frame.lazy().group_by(quasi).agg(pl.col("dx").n_unique().alias("u")).select(pl.col("u").min()).collect().item()
    timed(f"k/{kind}", k, 5)
    timed(f"l/{kind}", l, 5)
timed(
    "both/polars enum",
    lambda: enum.lazy().group_by(quasi).agg(pl.len().alias("k"), pl.col("dx").n_unique().alias("u")).select(pl.col("k").min(), pl.col("u").min()).collect().row(0),
    5,
)
timed("k/duckdb", lambda: one(f"select min(c) from (select count(*) c from t group by {by})")[0], 5)
timed("l/duckdb", lambda: one(f"select min(c) from (select count(distinct dx) c from t group by {by})")[0], 5)
timed("both/duckdb", lambda: one(f"select min(c), min(u) from (select count(*) c, count(distinct dx) u from t group by {by})"), 5)
out["versions"] = {"scikit-learn": sklearn.__version__, "polars": pl.__version__, "duckdb": duckdb.__version__, "numpy": np.__version__}
print(json.dumps(out))
