"""Where the scripts here keep what they need: outside the clone, and never committed."""

import os
import pathlib
import subprocess
import sys
import venv

TOP = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "antiphon"
SQL = TOP / "settlement" / "sql" / "reduction.sql"


def with_packages(*packages):
    """Runs the calling script again in an environment of its own that has the packages."""
    home = CACHE / "bench-venv"
    python = home / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == home.resolve():
        return
    if not python.exists():
        venv.create(home, with_pip=True)
    missing = [
        package
        for package in packages
        if subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode
    ]
    if missing:
        print("installing", *missing, file=sys.stderr)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *missing], check=True)
    os.execv(python, [str(python), *sys.argv])


def build():
    """The example that makes and reduces reports, built for speed; gives its path. What
    ANTIPHON_REDUCTION names is taken as it is."""
    if built := os.environ.get("ANTIPHON_REDUCTION"):
        return pathlib.Path(built)
    subprocess.run(
        ["cargo", "build", "--quiet", "--release", "-p", "federation", "--example", "reduction"],
        cwd=TOP,
        check=True,
    )
    target = os.environ.get("CARGO_TARGET_DIR", TOP / "target")
    return pathlib.Path(target) / "release" / "examples" / "reduction"
