"""The peers' side of benches/columns.rs: the same columns, the same questions. Prints JSON.

usage: peers.py FOLDER   (needs numpy, polars, duckdb; started by the benchmark)
"""
import json, pathlib, sys

import duckdb
import numpy as np
import polars as pl
from peers_common import out, timed

folder = pathlib.Path(sys.argv[1])
read = lambda name, kind: np.fromfile(folder / name, dtype=kind)
age, lactate, ef, p = read("age.i16", "<i2"), read("lactate.f32", "<f4"), read("ef.f32", "<f4"), read("p.f32", "<f4")
sex, prostate, y, g = (read(f"{n}.u8", "u1") for n in ("sex", "prostate", "y", "g"))
prostate, y = prostate.astype(bool), y.astype(bool)
yhat = p >= np.float32(0.5)
n = len(age)


frame = pl.DataFrame({"age": age, "lactate": lactate, "prostate": prostate, "ef": ef, "y": y, "yhat": yhat, "p": p, "gc": g})
frame = frame.with_columns(
    pl.Series("sexs", np.where(sex == 0, "F", "M")),
    pl.col("ef").fill_nan(None),
    pl.col("gc").replace_strict({0: "a", 1: "b", 2: "c", 3: "d", 4: "e"}).cast(pl.Enum(list("abcde"))).alias("g"),
).with_columns(pl.col("sexs").cast(pl.Enum(["F", "M"])).alias("sex"))
con = duckdb.connect()
con.execute("set threads=2")
con.register("v", frame.with_columns(pl.col("sex").cast(pl.String), pl.col("g").cast(pl.String)).to_arrow())
con.execute("create table t as select * from v")
one = lambda q: con.execute(q).fetchone()[0]
c = pl.col
ask = lambda e: frame.lazy().select(e).collect().item()

rule = lambda s: ((c("age") >= 18) & (c("lactate") <= 20) & ~((c(s) == "F") & c("prostate"))).all()
timed("policy/polars enum", lambda: ask(rule("sex")))
timed("policy/polars string", lambda: ask(rule("sexs")))
timed("policy/duckdb", lambda: one("select count(*) filter (where not(age>=18 and lactate<=20 and not(sex='F' and prostate))) from t"))
timed("policy/numpy", lambda: bool(((age >= 18) & (lactate <= 20) & ~((sex == 0) & prostate)).all()))
five = (c("age") >= 40) & (c("lactate") <= 3) & (c("sex") == "M") & ~c("prostate") & (c("ef") > 30)
timed("five/polars", lambda: ask(five.mean()))
timed("five/duckdb", lambda: one("select avg((age>=40 and lactate<=3 and sex='M' and not prostate and ef>30)::int) from t"))
timed("P/polars", lambda: frame.lazy().filter(c("y")).select(c("yhat").mean()).collect().item())
timed("P/duckdb", lambda: one("select avg(yhat::int) from t where y"))
timed("E/polars", lambda: frame.lazy().filter(c("y")).select(c("lactate").cast(pl.Float64).mean()).collect().item())
timed("E/duckdb", lambda: one("select avg(lactate) from t where y"))
by = lambda e: frame.lazy().group_by("g").agg(e.alias("r"))
timed("dpd/polars", lambda: by(c("yhat").mean()).select(c("r").max() - c("r").min()).collect().item())


def dpd():
    count, hits = np.bincount(g, minlength=5), np.bincount(g, weights=yhat, minlength=5)
    rate = hits / count
    return rate.max() - rate.min()


timed("dpd/numpy", dpd)
timed("dpd/duckdb", lambda: one("select max(r)-min(r) from (select avg(yhat::int) r from t group by g)"))
timed("grouped E/polars", lambda: by(c("lactate").cast(pl.Float64).mean()).select(c("r").max()).collect().item())
timed("grouped E/duckdb", lambda: one("select max(r) from (select avg(lactate) r from t group by g)"))


def ece(bins=15):
    i = np.minimum((p * bins).astype(np.int64), bins - 1)
    sp, sy = np.bincount(i, weights=p, minlength=bins), np.bincount(i, weights=y, minlength=bins)
    return np.abs(sp - sy).sum() / n


timed("ece/numpy", ece)
timed("ece/polars", lambda: frame.lazy().group_by((c("p") * 15).cast(pl.Int32).clip(0, 14)).agg(c("p").cast(pl.Float64).sum().alias("sp"), c("y").sum().alias("sy")).select((c("sp") - c("sy")).abs().sum() / n).collect().item())
timed("ece/duckdb", lambda: one("select sum(abs(sp-sy))/sum(k) from (select least(floor(p*15),14) b,count(*) k,sum(p::double) sp,sum(y::int) sy from t group by b)"))
out["versions"] = {"polars": pl.__version__, "duckdb": duckdb.__version__, "numpy": np.__version__, "polars threads": pl.thread_pool_size()}
print(json.dumps(out))
