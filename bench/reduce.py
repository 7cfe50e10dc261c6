#!/usr/bin/env python3
"""Measures the reduction of one Parquet report, in one run on this machine: by this project, with the
report's signature and digests checked; by DuckDB in 64-bit integers and by the exact SQL text; by
DataFusion; beside the SHA-256 of the same file and merely decoding it. One thread each, nothing
written. Results are compared; CPU seconds (the least of some turns) and ratios are printed.

    bench/reduce.py [LINES] [TURNS]        20000000 lines, 3 turns
"""

import os
import resource
import subprocess
import sys
import time

from engines import CACHE, SQL, build, with_packages

with_packages("duckdb", "datafusion")

# `--engine NAME LINES` is what this script calls itself with, for an engine in a process of its own.
ENGINE = sys.argv[2] if sys.argv[1:2] == ["--engine"] else None
WORDS = sys.argv[3:] if ENGINE else sys.argv[1:]
LINES = WORDS[0] if WORDS else "20000000"
TURNS = int(WORDS[1]) if len(WORDS) > 1 else 3
DIR = CACHE / "bench" / f"report-{LINES}"

POLICY = """SELECT 'FR-ARA' AS territory, 'uses' AS unit, 0::BIGINT AS member_cap_uses, 10000 AS local_bp,
    10000 AS music_bp, 10000 AS film_bp, 10000 AS game_bp, 10000 AS book_bp"""

# The same under the policy `cct`, where every use weighs the same, so that 64 bits are enough. An
# engine that is trusted with money could not know that beforehand.
IN_64_BITS = """
WITH of_members AS (SELECT venue, member, SUM({uses}) AS all_uses FROM lines GROUP BY venue, member)
SELECT l.venue, l.track, SUM({uses}) AS uses, SUM({seconds}) AS seconds,
    SUM({parts} {divided} m.all_uses) AS share, SUM({uses} * 100000000) AS weight
FROM lines l JOIN of_members m ON m.venue = l.venue AND m.member = l.member
GROUP BY l.venue, l.track
"""
SUMS = "SELECT COUNT(*), SUM(uses), SUM(seconds), SUM(share), SUM(weight) FROM ({query})"


def in_64_bits(divided):
    uses = "CAST(uses AS BIGINT)"
    return IN_64_BITS.format(
        uses=uses,
        seconds="CAST(seconds AS BIGINT)",
        parts=f"1000000000000 * {uses}",
        divided=divided,
    )


def duckdb_connection():
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    for table in ("lines", "tracks"):
        connection.execute(f"CREATE VIEW {table} AS FROM '{DIR}/{table}.parquet'")
    connection.execute(f"CREATE VIEW policy AS {POLICY}")
    return connection


def exact():
    return SQL.read_text().rstrip().removesuffix(";")


def duckdb_64():
    connection = duckdb_connection()
    return lambda: connection.execute(SUMS.format(query=in_64_bits("//"))).fetchone()


def duckdb_exact():
    connection = duckdb_connection()
    return lambda: connection.execute(SUMS.format(query=exact())).fetchone()


def datafusion_64():
    import datafusion

    context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(1))
    context.register_parquet("lines", str(DIR / "lines.parquet"))

    def run():
        row = context.sql(SUMS.format(query=in_64_bits("/"))).collect()[0]
        return [column[0].as_py() for column in row.columns]

    return run


ENGINES = {"duckdb-64": duckdb_64, "duckdb-exact": duckdb_exact, "datafusion-64": datafusion_64}


def agree():
    """Row for row, the exact text and the one in 64 bits against what this project wrote."""
    connection = duckdb_connection()
    connection.execute(f"SET threads = {os.cpu_count()}")
    ours = f"SELECT venue, track, uses, seconds, share, weight FROM '{DIR}/reduction.parquet'"
    for name, query in (("exact", exact()), ("64 bits", in_64_bits("//"))):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE theirs AS {query}")
        theirs = "SELECT venue, track, uses, seconds, share, weight FROM theirs"
        for one, other in ((theirs, ours), (ours, theirs)):
            count = connection.execute(f"SELECT COUNT(*) FROM ({one} EXCEPT ALL {other})").fetchone()[0]
            if count:
                sys.exit(f"{count} rows differ from DuckDB's ({name})")
    return connection.execute("SELECT COUNT(*) FROM theirs").fetchone()[0]


def child(command):
    """Runs a command; its words, its CPU seconds and its most memory in mebibytes."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    words = process.stdout.read().split()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed")
    return words, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def engine(name):
    """What a process of its own prints for one engine: sums, CPU seconds of the query, memory."""
    run = ENGINES[name]()
    before = time.process_time()
    row = run()
    seconds = time.process_time() - before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(*[int(value) for value in row], f"{seconds:.3f}", memory)


def main():
    program = build()
    if not (DIR / "report.json").exists():
        DIR.mkdir(parents=True, exist_ok=True)
        subprocess.run([program, "make", str(DIR), LINES], check=True)
    size = (DIR / "lines.parquet").stat().st_size
    best, sums = {}, {}

    def keep(name, seconds, memory, row=None):
        if name not in best or seconds < best[name][0]:
            best[name] = (seconds, memory)
        if row is not None and sums.setdefault("all", row) != row:
            sys.exit(f"{name} comes to {row}, not to {sums['all']}")

    # In turns, so that whatever else the machine does falls on all alike.
    for _ in range(TURNS):
        for name in ("digest", "decode"):
            _, seconds, memory = child([program, name, str(DIR)])
            keep(name, seconds, memory)
        words, seconds, memory = child([program, "reduce", str(DIR)])
        keep("antiphon", seconds, memory, words)
        for name in ENGINES:
            words, _, _ = child([sys.executable, __file__, "--engine", name, LINES])
            keep(name, float(words[5]), int(words[6]), words[:5])

    print(f"{LINES} lines, {size / 1e6:.1f} MB, {sums['all'][0]} rows; the least of {TURNS} turns")
    print(f"{'':16}{'CPU s':>8}{'MiB':>8}{'times':>8}")
    ours = best["antiphon"][0]
    for name, (seconds, memory) in best.items():
        print(f"{name:16}{seconds:8.2f}{memory:8}{seconds / ours:8.2f}")
    print(f"row for row the same as DuckDB's: {agree()} rows")


if ENGINE:
    engine(ENGINE)
else:
    main()
