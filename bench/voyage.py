#!/usr/bin/env python3
"""How well nearness leads listeners on, beside what others use, and what it costs.

    bench/voyage.py DATA [--quick] [--seed N]

DATA is the folder of hetrec2011-lastfm-2k (1,892 listeners of Last.fm; user_artists.dat and
user_taggedartists.dat, gzip or not). A fifth of each listener's artists is held out, drawn with a fixed
seed; so is every tag that the same listener gave to them. From the rest, each of these names 20 artists:

- most popular;
- `implicit` 0.7.3: item-KNN (cosine, TF-IDF, BM25) and ALS, over a grid, the best recall of each shown;
- this project, built by `node/examples/nearness`: sums of five listeners or more, and tags.

recall@20 is the part of the held-out artists that is named, the mean over listeners; coverage is the part of
all artists somebody listened to (in the four fifths) that is named to anybody; tail coverage the same among those
that are not among the best known, which together make up half of all rows. All in one run; then a
drawn world of 1,000,000 works and 100,000 members with 100 works each is built and asked.
"""
import argparse
import gzip
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = ["numpy", "scipy", "implicit==0.7.3"]


def in_own_environment():
    """Starts again in an environment outside the clone that has the packages."""
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "antiphon-bench-voyage"
    python = home / "bin" / "python"
    if pathlib.Path(sys.prefix) == home:
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "-q", "install", *PACKAGES], check=True)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.execv(python, [python, *sys.argv])


def rows(folder, name):
    path = folder / name
    packed = folder / (name + ".gz")
    opened = gzip.open(packed, "rt", errors="replace") if packed.exists() else open(path, errors="replace")
    with opened as lines:
        for line in lines:
            fields = line.split("\t")
            if fields[0].isdigit():
                yield [int(field) for field in fields[:3]]


def split(folder, seed):
    import numpy as np
    import scipy.sparse as sp

    table = np.array(list(rows(folder, "user_artists.dat")))
    users, user = np.unique(table[:, 0], return_inverse=True)
    artists, artist = np.unique(table[:, 1], return_inverse=True)
    dice = np.random.default_rng(seed)
    held = np.zeros(len(table), bool)
    order = np.lexsort((artist, user))
    starts = np.searchsorted(user[order], np.arange(len(users) + 1))
    for at in range(len(users)):
        mine = order[starts[at] : starts[at + 1]]
        held[dice.permutation(mine)[: len(mine) // 5]] = True
    shape = (len(users), len(artists))
    train = sp.csr_matrix((table[~held, 2].astype(float), (user[~held], artist[~held])), shape)
    test = sp.csr_matrix((np.ones(held.sum()), (user[held], artist[held])), shape)
    secret = set(zip(table[held, 0].tolist(), table[held, 1].tolist()))
    place = {name: at for at, name in enumerate(artists.tolist())}
    tags = [
        (place[a], t)
        for u, a, t in rows(folder, "user_taggedartists.dat")
        if a in place and (u, a) not in secret
    ]
    tags = np.array(tags)
    tags = sp.csr_matrix((np.ones(len(tags)), (tags[:, 0], tags[:, 1])))
    return train, test, tags


class Judge:
    def __init__(self, train, test):
        import numpy as np

        self.np, self.train, self.test = np, train, test
        heard = np.asarray((train > 0).sum(0)).ravel()
        order = np.argsort(-heard, kind="stable")
        cut = np.searchsorted(np.cumsum(heard[order]), heard.sum() / 2) + 1
        self.heard, self.head = heard, np.zeros(len(heard), bool)
        self.head[order[:cut]] = True

    def of(self, answers):
        """recall@20, nDCG@20, coverage, tail coverage"""
        np = self.np
        worth = 1 / np.log2(np.arange(2, 22))
        recall, gain = [], []
        named = np.zeros(len(self.heard), bool)
        for user, answer in enumerate(answers):
            wanted = self.test.indices[self.test.indptr[user] : self.test.indptr[user + 1]]
            answer = np.asarray([a for a in answer if a >= 0][:20], int)
            named[answer] = True
            if len(wanted):
                hit = np.isin(answer, wanted)
                recall.append(hit.sum() / len(wanted))
                gain.append((hit * worth[: len(hit)]).sum() / worth[: min(20, len(wanted))].sum())
        known = self.heard > 0
        tail = known & ~self.head
        return np.mean(recall), np.mean(gain), (named & known).sum() / known.sum(), (named & tail).sum() / tail.sum()


def show(name, score, seconds=""):
    print(f"| {name} | " + " | ".join(f"{part:.4f}" for part in score) + f" | {seconds} |", flush=True)


def others(train, judge, quick):
    import numpy as np
    warnings.filterwarnings("ignore", module="implicit")
    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender, bm25_weight

    everybody = np.arange(train.shape[0])

    def run(model, weights):
        begun = time.process_time()
        model.fit(weights, show_progress=False)
        spent = time.process_time() - begun
        answers, _ = model.recommend(everybody, weights, N=20, filter_already_liked_items=True)
        return judge.of(answers), spent

    plain = train.copy()
    plain.data[:] = 1
    logs = train.copy()
    logs.data = np.log1p(logs.data)
    weights = [("binary", plain), ("log", logs)]
    order = np.argsort(-judge.heard, kind="stable")
    popular = []
    for user in everybody:
        mine = set(train.indices[train.indptr[user] : train.indptr[user + 1]])
        popular.append([a for a in order[:300] if a not in mine][:20])
    show("most popular", judge.of(popular))
    families = {
        "item-KNN": [
            (f"{model.__name__} K={k} {name}", model(K=k), w)
            for model in (CosineRecommender, TFIDFRecommender, BM25Recommender)
            for k in ((200,) if quick else (50, 100, 200, 500, 1000))
            for name, w in weights
        ],
        "ALS": [
            (
                f"ALS {factors} factors, regularization {reg}, alpha {alpha}, {name}",
                AlternatingLeastSquares(factors, regularization=reg, alpha=alpha, iterations=20, random_state=1),
                w,
            )
            for factors in ((32,) if quick else (24, 32, 48, 64, 128))
            for reg in ((10,) if quick else (0.1, 1, 10))
            for alpha in ((5, 20) if quick else (1, 5, 20))
            for name, w in weights
        ],
    }
    best = []
    for family, models in families.items():
        tried = []
        for name, model, w in models:
            score, spent = run(model, w.tocsr())
            tried.append((score, name, spent))
        score, name, spent = max(tried, key=lambda one: one[0][0])
        show(f"{family}, best of {len(tried)}: {name}", score, f"{spent:.1f}")
        best.append(score)
    return max(best, key=lambda score: score[0])


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("data", type=pathlib.Path)
    words.add_argument("--quick", action="store_true", help="the known best of each grid alone, no drawn world")
    words.add_argument("--seed", type=int, default=7, help="what is held out; constants were chosen on 7")
    words.add_argument("--ours", type=pathlib.Path, help="the example, built already")
    asked = words.parse_args()
    in_own_environment()
    import numpy as np

    ours = asked.ours
    if ours is None:
        build = ["cargo", "build", "-q", "--release", "-p", "node", "--features", "postgres", "--example", "nearness"]
        subprocess.run(build, cwd=ROOT, check=True)
        target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
        ours = target / "release" / "examples" / "nearness"
    train, test, tags = split(asked.data, asked.seed)
    judge = Judge(train, test)
    print("| what | recall@20 | nDCG@20 | coverage | tail coverage | CPU seconds to build |\n|---|---|---|---|---|---|")
    best = others(train, judge, asked.quick)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        table = train.tocoo()
        np.savetxt(folder / "heard", np.c_[table.row, table.col, table.data], fmt="%d")
        table = tags.tocoo()
        np.savetxt(folder / "marks", np.c_[table.row, table.col, np.log1p(table.data)], fmt=["%d", "%d", "%.6f"])
        (folder / "none").write_text("")
        told = ""
        for little, marks in ((0, "marks"), (1, "marks"), (2, "marks"), (0, "none")):
            done = subprocess.run(
                [ours, "measure", folder / "heard", folder / marks, folder / "answers", str(little)],
                check=True, capture_output=True, text=True,
            )
            answers = [[int(a) for a in line.split()] for line in (folder / "answers").read_text().splitlines()]
            score = judge.of(answers)
            name = f"this project, {little} of 20 little known" if marks == "marks" else "this project, without tags"
            show(name, score, done.stdout.split(" CPU")[0].split()[-1])
            if little == 1:
                told = done.stdout
                print(f"  beside the best of the others: recall x {score[0] / best[0]:.3f}, coverage x {score[2] / best[2]:.2f}")
        print(told)
    if not asked.quick:
        subprocess.run([ours, "scale", "1000000", "100000", "100"], check=True)


if __name__ == "__main__":
    main()
