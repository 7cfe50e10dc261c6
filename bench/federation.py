#!/usr/bin/env python3
"""Measures what federation costs, in one run on this machine: receiving signed activities against the
bare check of the same signatures; delivering to 100 peers of which 30 are dead; following a node
with a large catalogue from zero. Prints tables for docs/performance.md.

    bench/federation.py [TURNS] [WORKS]        3 turns of receiving, 100000 works
    bench/federation.py --built [TURNS] [WORKS]    the same with the program as it was last built
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ARGUMENTS = [word for word in sys.argv[1:] if word != "--built"]
TURNS = int(ARGUMENTS[0]) if ARGUMENTS else 3
WORKS = ARGUMENTS[1] if len(ARGUMENTS) > 1 else "100000"
TOP = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "antiphon"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or CACHE / "target")
PROGRAM = TARGET / "release" / "examples" / "federation"

if "--built" not in sys.argv:
    build = ["cargo", "build", "--release", "--package", "node", "--example", "federation"]
    subprocess.run(build, cwd=TOP, check=True, env=os.environ | {"CARGO_TARGET_DIR": str(TARGET)})
began = time.monotonic()
for turn in range(TURNS):
    print(f"\nReceiving, turn {turn + 1}:\n", flush=True)
    subprocess.run([PROGRAM, "inbox"], check=True)
print("\nDelivering:\n", flush=True)
subprocess.run([PROGRAM, "deliver"], check=True)
print("\nFollowing from zero:\n", flush=True)
subprocess.run([PROGRAM, "follow", WORKS], check=True)
load = os.getloadavg()[1]
print(f"\n{time.monotonic() - began:.0f} s; the machine's load in the last 5 minutes: {load:.1f}")
