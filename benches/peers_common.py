"""What the peers' scripts of benches/columns.rs and benches/kernels.rs share."""
import gc, time

out = {}


def timed(name, work, runs=9):
    """Best and median milliseconds of several runs, and what the last one gave."""
    times = []
    for _ in range(runs):
        gc.collect()
        start = time.perf_counter()
        value = work()
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    out[name] = {"best_ms": times[0], "median_ms": times[len(times) // 2], "value": str(value)[:60]}
