#!/usr/bin/env python3
"""Measures the reduction of one very large report: proof, digests, works, lines, and the reduction
written to its file. The most memory it took is printed; with more than 512 MiB it fails.

    bench/large.py [LINES]        200000000 lines: about 2 GB of disk and some minutes
"""

import os
import subprocess
import sys
import time

from engines import CACHE, build

LINES = sys.argv[1] if len(sys.argv) > 1 else "200000000"
DIR = CACHE / "bench" / f"report-{LINES}"
MOST = 512


def main():
    program = build()
    if not (DIR / "report.json").exists():
        DIR.mkdir(parents=True, exist_ok=True)
        subprocess.run([program, "make", str(DIR), LINES], check=True)
    size = (DIR / "lines.parquet").stat().st_size
    before = time.monotonic()
    process = subprocess.Popen([program, "write", str(DIR)])
    _, status, usage = os.wait4(process.pid, 0)
    passed = time.monotonic() - before
    if status:
        sys.exit("it failed")
    written = (DIR / "reduction.parquet").stat().st_size
    memory = usage.ru_maxrss // 1024
    print(f"{size / 1e6:.1f} MB in, {written / 1e6:.1f} MB out")
    print(f"{passed:.1f} seconds, {usage.ru_utime + usage.ru_stime:.1f} CPU seconds, {memory} MiB at most")
    if memory > MOST:
        sys.exit(f"more than {MOST} MiB")


main()
