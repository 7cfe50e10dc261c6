#!/usr/bin/env python3
"""Measures the reduction of one Parquet report, in one run on this machine: by this project, with the
report's signature and digests checked; by DuckDB in 64-bit integers and by the exact SQL text; by
DataFusion; beside the SHA-256 of the same file and merely decoding it. One thread each, nothing
written. The same again with the file as pyarrow writes it. Then two reports at once, on one thread
and on two. Results are compared; CPU seconds (the least of some turns) and ratios are printed, as
rows for docs/performance.md.

    bench/reduce.py [LINES] [TURNS]        20000000 lines, 3 turns
"""

import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import time

from engines import CACHE, SQL, build, with_packages

with_packages("duckdb", "datafusion", "pyarrow")

# `--engine NAME FOLDER` is what this script calls itself with, for an engine in a process of its own.
ENGINE, FOLDER = sys.argv[2:4] if sys.argv[1:2] == ["--engine"] else (None, None)
WORDS = [] if ENGINE else sys.argv[1:]
LINES = WORDS[0] if WORDS else "20000000"
TURNS = int(WORDS[1]) if len(WORDS) > 1 else 3
# The report as this project writes it, and the same rows as pyarrow does.
OURS = CACHE / "bench" / f"report-{LINES}"
THEIRS = CACHE / "bench" / f"report-{LINES}-pyarrow"
SECOND = CACHE / "bench" / f"report-{LINES}-second"

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


def duckdb_connection(folder):
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    for table in ("lines", "tracks"):
        connection.execute(f"CREATE VIEW {table} AS FROM '{folder}/{table}.parquet'")
    connection.execute(f"CREATE VIEW policy AS {POLICY}")
    return connection


def exact():
    return SQL.read_text().rstrip().removesuffix(";")


def duckdb_64(folder):
    connection = duckdb_connection(folder)
    return lambda: connection.execute(SUMS.format(query=in_64_bits("//"))).fetchone()


def duckdb_exact(folder):
    connection = duckdb_connection(folder)
    return lambda: connection.execute(SUMS.format(query=exact())).fetchone()


def datafusion_64(folder):
    import datafusion

    context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(1))
    context.register_parquet("lines", f"{folder}/lines.parquet")

    def run():
        row = context.sql(SUMS.format(query=in_64_bits("/"))).collect()[0]
        return [column[0].as_py() for column in row.columns]

    return run


ENGINES = {"duckdb-64": duckdb_64, "duckdb-exact": duckdb_exact, "datafusion-64": datafusion_64}
ROWS = {
    "digest": "SHA-256 of the lines",
    "decode": "decoding the lines, nothing else",
    "antiphon": "**this project**: proof, digests, works, lines, reduction",
    "datafusion-64": "DataFusion, 64-bit integers",
    "duckdb-64": "DuckDB, 64-bit integers",
    "duckdb-exact": "DuckDB, the exact text of `settlement/sql/reduction.sql`",
}


def agree():
    """Row for row, the exact text and the one in 64 bits against what this project wrote."""
    connection = duckdb_connection(OURS)
    connection.execute(f"SET threads = {os.cpu_count()}")
    ours = f"SELECT venue, track, uses, seconds, share, weight FROM '{OURS}/reduction.parquet'"
    for name, query in (("exact", exact()), ("64 bits", in_64_bits("//"))):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE theirs AS {query}")
        theirs = "SELECT venue, track, uses, seconds, share, weight FROM theirs"
        for one, other in ((theirs, ours), (ours, theirs)):
            count = connection.execute(f"SELECT COUNT(*) FROM ({one} EXCEPT ALL {other})").fetchone()[0]
            if count:
                sys.exit(f"{count} rows differ from DuckDB's ({name})")
    return connection.execute("SELECT COUNT(*) FROM theirs").fetchone()[0]


def child(command):
    """Runs a command; its lines, its CPU seconds, its seconds and its most memory in mebibytes."""
    before = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    lines = process.stdout.read().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    passed = time.monotonic() - before
    if status:
        sys.exit(f"{command} failed")
    return lines, usage.ru_utime + usage.ru_stime, passed, usage.ru_maxrss // 1024


def engine(name, folder):
    """What a process of its own prints for one engine: sums, CPU seconds of the query, memory."""
    run = ENGINES[name](folder)
    before = time.process_time()
    row = run()
    seconds = time.process_time() - before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(*[int(value) for value in row], f"{seconds:.3f}", memory)


def as_pyarrow_writes():
    """The tables of a report once more. In a process of its own: the memory of this one would be
    counted as that of everything it starts."""
    import pyarrow.parquet

    for name in ("lines", "tracks"):
        table = pyarrow.parquet.read_table(OURS / f"{name}.parquet")
        # What it does unasked, but for zstd: dictionaries, 1,048,576 rows in a group.
        pyarrow.parquet.write_table(
            table, THEIRS / f"{name}.parquet", compression="zstd", compression_level=3
        )


def make(program):
    """The reports, unless an earlier run left them."""
    if not (OURS / "report.json").exists():
        OURS.mkdir(parents=True, exist_ok=True)
        subprocess.run([program, "make", str(OURS), LINES], check=True)
    if not (THEIRS / "report.json").exists():
        THEIRS.mkdir(parents=True, exist_ok=True)
        writer = multiprocessing.Process(target=as_pyarrow_writes)
        writer.start()
        writer.join()
        if writer.exitcode:
            sys.exit("pyarrow could not write the report")
        shutil.copy(OURS / "report.json", THEIRS / "being-signed.json")
        (THEIRS / "being-signed.json").rename(THEIRS / "report.json")
        subprocess.run([program, "sign", str(THEIRS)], check=True)
    if not SECOND.exists():
        # Other bytes on the disk, so that two threads do not read one file.
        shutil.copytree(OURS, SECOND)


def table(program, folder):
    """One file, by everyone in turns, so that whatever else the machine does falls on all alike."""
    best, sums = {}, {}

    def keep(name, seconds, memory, row=None):
        if name not in best or seconds < best[name][0]:
            best[name] = (seconds, memory)
        if row is not None and sums.setdefault("all", row) != row:
            sys.exit(f"{name} comes to {row}, not to {sums['all']}")

    for _ in range(TURNS):
        for name in ("digest", "decode"):
            _, seconds, _, memory = child([program, name, folder])
            keep(name, seconds, memory)
        lines, seconds, _, memory = child([program, "reduce", folder])
        keep("antiphon", seconds, memory, lines[0].split())
        for name in ENGINES:
            lines, *_ = child([sys.executable, __file__, "--engine", name, folder])
            words = lines[0].split()
            keep(name, float(words[5]), int(words[6]), words[:5])

    size = (folder / "lines.parquet").stat().st_size
    print(f"\n{int(LINES):,} lines, {size / 1e6:.1f} MB, {int(sums['all'][0]):,} rows; the least of {TURNS} turns\n")
    print("| what | CPU seconds | memory, MiB | times ours |\n|---|---|---|---|")
    ours = best["antiphon"][0]
    for name, label in ROWS.items():
        seconds, memory = best[name]
        shown = f"**{seconds:.2f}**" if name == "antiphon" else f"{seconds:.2f}"
        print(f"| {label} | {shown} | {memory} | {seconds / ours:.2f} |")
    return sums["all"]


def spread(program):
    """Two reports on one thread and on two."""
    best = {}
    for _ in range(TURNS):
        for threads in (1, 2):
            _, seconds, passed, _ = child([program, "spread", threads, OURS, SECOND])
            best[threads] = min(best.get(threads, (passed, seconds)), (passed, seconds))
    print("\n| two reports on | seconds | CPU seconds |\n|---|---|---|")
    for threads, (passed, seconds) in best.items():
        print(f"| {threads} thread{'s' * (threads > 1)} | {passed:.2f} | {seconds:.2f} |")
    print(f"\nTwo threads are {best[1][0] / best[2][0]:.2f} times as fast as one.")


def main():
    program = build()
    make(program)
    if table(program, OURS) != table(program, THEIRS):
        sys.exit("the two files come to something else")
    spread(program)
    print(f"\nRow for row the same as DuckDB's: {agree():,} rows.")


if ENGINE:
    engine(ENGINE, FOLDER)
else:
    main()
