#!/usr/bin/env python3
"""Holds the SQL text of the reduction, run by DuckDB, against the built-in reduction: row by row, on
random reports of everything that is allowed. Fails at the first report that differs.

    bench/agree.py [REPORTS] [SEED]        10000 reports, seed 1
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from engines import SQL, build, with_packages

with_packages("duckdb")
import duckdb  # noqa: E402

COUNT = sys.argv[1] if len(sys.argv) > 1 else "10000"
SEED = sys.argv[2] if len(sys.argv) > 2 else "1"


def policy_row(told):
    texts = {key: f"'{value}'" for key, value in told.items() if isinstance(value, str)}
    values = {key: f"{value}::BIGINT" for key, value in told.items()} | texts
    return "SELECT " + ", ".join(f"{value} AS {key}" for key, value in values.items())


def by_sql(folder, query):
    connection = duckdb.connect(config={"threads": 1})
    for table in ("lines", "tracks"):
        connection.execute(f"CREATE VIEW {table} AS FROM '{folder}/{table}.parquet'")
    policy = json.loads((folder / "policy.json").read_text())
    connection.execute(f"CREATE VIEW policy AS {policy_row(policy)}")
    rows = connection.execute(query).fetchall()
    built_in = f"SELECT venue, track, uses, seconds, share, weight FROM '{folder}/reduction.parquet'"
    ours = connection.execute(built_in).fetchall()
    whole = [[tuple(int(value) for value in row) for row in side] for side in (rows, ours)]
    connection.close()
    return whole


def main():
    query = SQL.read_text()
    rows = 0
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([build(), "random", directory, COUNT, SEED], check=True)
        for number in range(int(COUNT)):
            folder = pathlib.Path(directory) / str(number)
            theirs, ours = by_sql(folder, query)
            if theirs != ours:
                wrong = next(
                    (pair for pair in zip(theirs, ours) if pair[0] != pair[1]),
                    (f"{len(theirs)} rows", f"{len(ours)} rows"),
                )
                sys.exit(f"report {number} of seed {SEED}: DuckDB {wrong[0]}, built in {wrong[1]}")
            rows += len(ours)
    if not rows:
        sys.exit("nothing was compared")
    print(f"{COUNT} reports, {rows} rows: DuckDB and the built-in reduction agree")


main()
