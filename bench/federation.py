#!/usr/bin/env python3
"""Measures what federation costs, in one run on this machine: receiving signed activities against the
bare check of the same signatures; delivering to 100 peers of which 30 are dead; following a node
with a large catalogue from zero. Prints tables for docs/performance.md.

    bench/federation.py [TURNS] [WORKS]        3 turns of receiving, 100000 works
"""

import os
import subprocess
import sys
from pathlib import Path

TURNS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
WORKS = sys.argv[2] if len(sys.argv) > 2 else "100000"
TOP = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "antiphon"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or CACHE / "target")

build = ["cargo", "build", "--release", "--package", "node", "--example", "federation"]
subprocess.run(build, cwd=TOP, check=True, env=os.environ | {"CARGO_TARGET_DIR": str(TARGET)})
PROGRAM = TARGET / "release" / "examples" / "federation"
for turn in range(TURNS):
    print(f"\nReceiving, turn {turn + 1}:\n", flush=True)
    subprocess.run([PROGRAM, "inbox"], check=True)
print("\nDelivering:\n", flush=True)
subprocess.run([PROGRAM, "deliver"], check=True)
print("\nFollowing from zero:\n", flush=True)
subprocess.run([PROGRAM, "follow", WORKS], check=True)
