#!/usr/bin/env python3
"""How fast a million works are found, on SQLite and on PostgreSQL, beside what databases do themselves.

    bench/search.py [WORKS] [--postgres] [--ours EXAMPLE]

Draws WORKS works (1,000,000 unless said) on a tenth as many releases, by a twenty-fifth as many
artists, with names as catalogues have them: words of French, English and their neighbours by Zipf's
law, names of persons, words that exist once. They go into the database of a new node. Then
`node/examples/search` builds the index, keeps it, reads it back and answers:

- **prefix**: what somebody has typed of a title, an artist or both, cut anywhere;
- **letter**: its first letter alone, the widest question there is;
- **typo**: a title and its artist with one slip in a word: a letter missing, doubled, another, two turned.

An answer is all that the page shows, rows read from the database and facets counted, one after the
other on one core. Beside it, in the same run and on the same rows, 20 works each: `LIKE '%…%'` and FTS5
(SQLite), `LIKE` and pg_trgm (PostgreSQL). With --postgres a cluster of its own is made and removed.
"""
import argparse
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOW = 1_793_000_000_000_000

FRENCH = """
amour nuit jour soleil lune mer ciel vent pluie neige étoile rivière fleuve rivage île montagne forêt arbre
feuille fleur rose jardin maison porte fenêtre chambre rue ville village route chemin pont gare train bateau
port phare horizon aube aurore matin midi soir crépuscule minuit hiver printemps été automne janvier février
mars avril mai juin juillet août septembre octobre novembre décembre dimanche lundi cœur âme corps main yeux
regard visage sourire larme voix silence chanson refrain valse tango danse bal fête rêve songe sommeil
mémoire souvenir oubli retour départ adieu voyage exil frontière terre feu eau cendre poussière ombre lumière
couleur rouge bleu vert noir blanc gris or argent fer verre papier encre lettre mot nom enfant fille garçon
femme homme mère père sœur frère roi reine prince ange diable fantôme loup renard oiseau hirondelle corbeau
cheval chat chien poisson baleine papillon abeille miel sel pain vin café tabac dernier premier grand petit
vieux nouveau beau belle doux douce perdu seul libre heureux triste folle sauvage secret étrange lointain
quelque chose rien tout jamais toujours demain hier maintenant encore ailleurs dehors dedans sous sur vers
ballade berceuse complainte prière messe requiem prélude étude nocturne sonate suite mouvement variation
électrique acoustique mécanique atomique magnétique parade manège cirque théâtre cinéma radio machine moteur
brume orage tonnerre éclair tempête marée écume sable galet falaise vallée colline prairie désert oasis
""".split()
ENGLISH = """
love night day sun moon sea sky wind rain snow star river shore island mountain forest tree leaf flower rose
garden house door window room street city town road bridge train boat harbour light dawn morning evening
midnight winter spring summer autumn heart soul body hand eyes face smile tear voice silence song waltz dance
dream sleep memory ghost angel devil wolf fox bird crow horse cat dog fish whale bee honey salt bread wine
coffee smoke last first great little old new sweet lost alone free happy sad wild secret strange distant
something nothing everything never always tomorrow yesterday now again elsewhere under over machine engine
radio electric magnetic paper glass iron gold silver black white blue green red grey fire water earth ash
dust shadow colour letter word name child girl boy woman man mother father sister brother king queen home
""".split()
OTHER = """
amor noche luz corazón sombra camino tierra fuego agua viento mar cielo soledad alegría saudade madrugada
manhã estrela caminho coração Nacht Licht Herz Wasser Feuer Erde Himmel Stern Traum Weg Heimat Stille Zeit
mor gwener noz heol stered Mendi itsaso bihotza gau egun zeru ur lur notte stella mare cuore strada sole
""".split()
FIRST = """
Anne Marie Jeanne Louise Camille Zoé Chloé Léa Manon Inès Agathe Héloïse Éléonore Solène Maëlle Gwenaëlle
Noémie Clémence Aurélie Élodie Océane Margaux Salomé Anaïs Joséphine Colette Odette Yvonne Simone Barbara
Jean Pierre Paul Jacques Louis Léo Hugo Théo Noé Éloi Rémi Loïc Gaël Yann Erwan Malo Titouan Bastien Mathis
Émile Étienne François Gérard Benoît Cédric Frédéric Jérôme Sébastien Stéphane Thierry Fabrice Olivier Xavier
Amina Fatou Aïcha Leïla Yasmine Karim Mehdi Youssef Ibrahim Moussa Mamadou Awa Nadia Samira Rachid Malik Ali
John Mary James Emma Oliver Grace Jack Ruby Harry Lily Sam Alice Tom Kate Nina Otto Greta Lars Ingrid Sven
Carlos Lucía Diego Elena João Inês Tiago Beatriz Marco Giulia Luca Chiara Ana Ivan Olga Katya Miloš Zdeněk
""".split()
START = "Bar Ber Bon Bou Cha Cor Dau Del Des Du Fau Gar Gau Ger Gir Gui Jou La Le Lau Mar Mau Mer Mo Mou Nau Per Pi Poi Re Ri Ro Rou Sau Ser Ta Tho Ti Tou Va Ver Vi Vau Ze Ker Le Plou Tré Gui Al Ben El Khal O Mac Bra Schi Stein Wag Lind Berg Ros".split()
MIDDLE = "b ch d gn l ll m n nd nt r rb rd rg rm rn rt s ss st t tr v vr c mp ng".split()
END = "ac and ard as at aud eau el elle er et ez ier in in ine ien ois on ot ou oux y er ec ic ou az enn ez i a o ini elli ez ov ova sen son mann feld stein".split()
GENRES = "Chanson;Rock;Jazz;Électro;Folk;Hip-hop;Classique;Baroque;Musique contemporaine;Ambient;Techno;House;Dub;Reggae;Punk;Métal;Pop;Indie;Soul;Funk;Blues;Musiques du monde;Rumba;Raï;Fado;Flamenco;Musette;Celtique;Bretonne;Occitane;Noise;Drone;Post-rock;Trip-hop;Drum and bass;Jeune public;Lecture;Conte;Bande originale;Improvisation".split(";")
TERRITORIES = "FR-ARA FR-ARA FR-ARA FR-BRE FR-IDF FR-OCC FR-PAC FR-NAQ FR-GES FR-HDF BE-WAL BE-BRU CH-GE CH-VD CA-QC LU ES-CT DE-BE GB-SCT PT-11".split()


def draw(words, dice, power):
    """Words by Zipf's law."""
    weights, total = [], 0.0
    for at in range(len(words)):
        total += 1 / (at + 2) ** power
        weights.append(total)
    return lambda: dice.choices(words, cum_weights=weights)[0]


class World:
    def __init__(self, works, seed=7):
        self.dice = dice = random.Random(seed)
        family = sorted({f"{a}{b}{c}" for a in START for b in MIDDLE for c in END})
        dice.shuffle(family)
        self.family = draw(family, dice, 0.6)
        common = FRENCH + FRENCH + ENGLISH + OTHER
        dice.shuffle(common)
        self.common = draw(common, dice, 0.7)
        self.works = works
        self.labels = [self.label() for _ in range(max(works // 400, 5))]
        self.artists = [self.artist() for _ in range(max(works // 25, 10))]
        self.origins = ["http://localhost:8420"] + [f"https://{w.lower()}{n}.example" for n, w in enumerate(("loire", "wallonie", "quebec", "bretagne", "geneve", "lisboa", "occitanie", "scotland", "berlin"))]

    def invented(self):
        return (self.dice.choice(START) + self.dice.choice(MIDDLE) + self.dice.choice(END)).capitalize() + self.dice.choice(["", "", self.dice.choice(END)])

    def label(self):
        a = self.common().capitalize()
        return self.dice.choice([f"{a} Records", f"Disques {a}", f"Les Disques du {a}", f"{a} & {self.family()}", f"Éditions {a}", f"{self.invented()} Music", f"Label {a}"])

    def artist(self):
        dice = self.dice
        turn = dice.random()
        if turn < 0.5:
            name = f"{dice.choice(FIRST)} {self.family()}"
        elif turn < 0.62:
            name = f"Les {self.common().capitalize()}s"
        elif turn < 0.7:
            name = f"The {self.common().capitalize()} {self.common().capitalize()}s"
        elif turn < 0.78:
            name = f"{self.common().capitalize()} {self.common().capitalize()}"
        elif turn < 0.88:
            name = self.invented()
        elif turn < 0.94:
            name = f"{dice.choice(FIRST)} {self.family()} {dice.choice(['Trio', 'Quartet', 'Quintet', 'Ensemble', 'Orchestra'])}"
        else:
            name = f"{dice.choice(FIRST)} & {dice.choice(FIRST)}"
        return name

    def title(self):
        dice = self.dice
        words = [self.common() for _ in range(dice.choice((1, 1, 2, 2, 2, 3, 3, 4, 5)))]
        if dice.random() < 0.12:
            words[-1] = self.invented()
        if dice.random() < 0.35:
            first = words[0]
            if first[0].lower() in "aeiouéèêhœ":
                words[0] = dice.choice(("L’", "L'", "D’")) + first
            else:
                words.insert(0, dice.choice(("Le", "La", "Les", "Un", "Une", "Mon", "The", "A")))
        if len(words) > 2 and dice.random() < 0.4:
            words.insert(-1, dice.choice(("de", "du", "et", "of", "and", "dans", "sans", "à la", "in the")))
        text = " ".join(words)
        text = text[0].upper() + text[1:]
        if dice.random() < 0.06:
            text += dice.choice((" (live)", " (remix)", ", Pt. 2", " – instrumental", " (feat. " + dice.choice(FIRST) + ")"))
        return text

    def rows(self):
        """The releases, each with its works."""
        dice = self.dice
        for number in range(self.works // 10):
            artist = min(int(len(self.artists) * dice.random() ** 1.6), len(self.artists) - 1)
            label = min(int(len(self.labels) * dice.random() ** 2), len(self.labels) - 1)
            origin = dice.choice(self.origins)
            release = (f"{origin}/releases/{number:08x}", origin, self.title(), artist, label, 1975 + int(51 * dice.random() ** 0.5), dice.choice(GENRES), dice.choice(TERRITORIES))
            yield release, [(f"{origin}/works/{number:08x}-{at}", self.title()) for at in range(10)]


def folded(text):
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("’", "'")).lower()
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


RELEASES = "id, origin, title, credit, artist_id, label_id, label, year, genre, territory, created_us, updated_us".split(", ")
WORKS = "id, origin, kind, title, credit, artist_id, release_id, disc, position, territory, duration_ms, media, media_url, genre, year, created_us, updated_us, closed".split(", ")


def tables(world):
    """Rows for parties, releases and works, some thousands at a time; of the works also their texts."""
    here = world.origins[0]
    party = lambda kind, at: f"{here}/parties/{kind}-{at}"
    yield "parties", ["id", "kind", "name", "origin", "created_us"], [
        (party(kind, at), kind, name, here, NOW)
        for kind, names in (("artist", world.artists), ("label", world.labels))
        for at, name in enumerate(names)
    ], []
    releases, works, texts = [], [], []
    for (rid, origin, title, artist, label, year, genre, territory), songs in world.rows():
        credit, shown = world.artists[artist], world.labels[label]
        releases.append((rid, origin, title, credit, party("artist", artist), party("label", label), shown, year, genre, territory, NOW, NOW))
        for at, (wid, song) in enumerate(songs):
            works.append((wid, origin, "music", song, credit, party("artist", artist), rid, 1, at + 1, territory, 200_000, None, None if at == 9 else f"{wid}/media", genre, year, NOW, NOW, False))
            texts.append((wid, folded(f"{song} {credit} {title} {shown}")))
        if len(works) >= 20_000:
            yield "releases", RELEASES, releases, []
            yield "works", WORKS, works, texts
            releases, works, texts = [], [], []
    yield "releases", RELEASES, releases, []
    yield "works", WORKS, works, texts


def slip(word, dice):
    at = dice.randrange(1, len(word) - 1)
    letter = dice.choice("aeiourstnlm")
    return dice.choice((
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    ))


def questions(works, count, seed=11):
    dice = random.Random(seed)
    asked = []
    for _ in range(count):
        wid, title, credit = dice.choice(works)
        text = dice.choice((title, credit, f"{credit} {title}", f"{title} {credit}"))
        asked.append(("prefix", wid, text[: dice.randint(1, len(text))]))
        asked.append(("letter", wid, text[0]))
        words = f"{title} {credit}".replace("’", "'").split()
        long = [at for at, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
        if long:
            at = dice.choice(long)
            words[at] = slip(words[at], dice)
            asked.append(("typo", wid, " ".join(words)))
            alone = dice.choice([title, credit])
            alone = max(alone.replace("’", " ").replace("'", " ").split(), key=len)
            if len(alone) >= 5:
                asked.append(("typo, one word", wid, slip(alone, dice)))
    return asked


def show(what, times, found=""):
    times = sorted(times)
    at = lambda part: times[min(int(len(times) * part), len(times) - 1)] * 1000
    print(f"| {what} | {len(times)} | {at(0.5):.1f} | {at(0.95):.1f} | {at(0.99):.1f} | {times[-1] * 1000:.1f} | {found} |", flush=True)


def ours(example, folder, asked):
    questions = folder / "questions"
    questions.write_text("\n".join("\t".join(one) for one in asked) + "\n")
    done = subprocess.run([example, "ask", folder / "node", questions], check=True, capture_output=True, text=True)
    print("\n".join(line for line in done.stdout.splitlines() if "\t" not in line))
    print("\n| what | questions | p50, ms | p95 | p99 | longest | the work meant is among the first 24 |\n|---|---|---|---|---|---|---|")
    for line in done.stdout.splitlines():
        if "\t" in line:
            what, count, *times, found = line.split("\t")
            print(f"| **this project**, {what} | {count} | " + " | ".join(times) + f" | {float(found):.0%} |")


def beside(run, names, asked, seconds):
    """Each way until its time is over, so that a slow one does not take the night."""
    for name, kind, ask in names:
        mine = [text for what, _, text in asked if what == kind]
        times, begun = [], time.monotonic()
        for text in mine:
            if time.monotonic() - begun > seconds and len(times) >= 20:
                break
            sentence, values = ask(folded(text))
            start = time.perf_counter()
            run(sentence, values)
            times.append(time.perf_counter() - start)
        show(f"{name}, {kind}", times)


def quoted(text, last=""):
    words = [word for word in "".join(c if c.isalnum() else " " for c in text).split()]
    return " ".join(f'"{word}"' for word in words) + (last if words else '""')


def trigrams(text):
    words = "".join(c if c.isalnum() else " " for c in text).split()
    return " OR ".join(f'"{word[at:at + 3]}"' for word in words for at in range(max(len(word) - 2, 0))) or '"   "'


def on_sqlite(example, world, count, seconds):
    with tempfile.TemporaryDirectory(prefix="antiphon-search-") as folder:
        folder = pathlib.Path(folder)
        subprocess.run([example, "new", folder / "node"], check=True)
        database = sqlite3.connect(next((folder / "node").glob("*.sqlite*")))
        database.execute("PRAGMA synchronous = OFF")
        known = fill(world, lambda table, columns: f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", database.executemany)
        database.commit()
        asked = questions(known["works"], count)
        print(f"\n## SQLite, {world.works:,} works\n")
        ours(example, folder, asked)
        beside_it = sqlite3.connect(folder / "beside.sqlite3")
        beside_it.execute("PRAGMA synchronous = OFF")
        beside_it.execute("CREATE TABLE texts (id TEXT, text TEXT)")
        beside_it.executemany("INSERT INTO texts VALUES (?, ?)", known["texts"])
        for table, tokens in (("words", "unicode61', prefix='1 2 3"), ("grams", "trigram")):
            begun = time.monotonic()
            beside_it.execute(f"CREATE VIRTUAL TABLE {table} USING fts5(text, tokenize='{tokens}', content='')")
            beside_it.execute(f"INSERT INTO {table} (rowid, text) SELECT rowid, text FROM texts")
            beside_it.commit()
            print(f"<!-- FTS5 {table}: built at {world.works / (time.monotonic() - begun):,.0f} works/s -->")
        like = lambda text: ("SELECT id FROM texts WHERE " + " AND ".join(["text LIKE ?"] * max(len(text.split()), 1)) + " LIMIT 20", [f"%{word}%" for word in text.split()] or ["%"])
        run = lambda sentence, values: beside_it.execute(sentence, values).fetchall()
        fts = lambda table, match: (f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rank LIMIT 20", [match])
        beside(run, [
            ("LIKE, no order", "prefix", like),
            ("LIKE, no order", "typo", like),
            ("FTS5 words, by rank", "prefix", lambda text: fts("words", quoted(text, "*"))),
            ("FTS5 words, by rank", "letter", lambda text: fts("words", quoted(text, "*"))),
            ("FTS5 trigrams, by rank", "typo", lambda text: fts("grams", trigrams(text))),
        ], asked, seconds)
        print("\n`LIKE` and words find nothing where there is a slip.")


def fill(world, sentence, many):
    known = {"works": [], "texts": []}
    begun = time.monotonic()
    for table, columns, rows, texts in tables(world):
        if table == "works":
            known["works"] += [(row[0], row[3], row[4]) for row in rows]
            known["texts"] += texts
        many(sentence(table, columns), rows)
    print(f"<!-- rows written in {time.monotonic() - begun:.0f} s -->", flush=True)
    return known


class Cluster:
    """PostgreSQL for itself, in a folder, as whoever owns it; gone at the end."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="antiphon-pg-")
        path = self.path = pathlib.Path(self.folder.name)
        path.chmod(0o755)
        (path / "data").mkdir(mode=0o700)
        (path / "run").mkdir(mode=0o777)
        (path / "run").chmod(0o777)
        self.user = {}
        if os.getuid() == 0:
            import pwd
            owner = pwd.getpwnam("postgres")
            os.chown(path / "data", owner.pw_uid, owner.pw_gid)
            self.user = {"user": owner.pw_uid, "group": owner.pw_gid}
        self.bin = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self.run("initdb", "--username=antiphon", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8", "--pgdata", path / "data")
        settings = f"-c listen_addresses= -c unix_socket_directories={path}/run -c fsync=off -c shared_buffers=256MB -c max_wal_size=4GB"
        self.run("pg_ctl", "start", "-w", "-s", "-o", settings, "-l", path / "run" / "log", "-D", path / "data")
        return self

    def run(self, program, *words):
        subprocess.run([self.bin / program, *words], check=True, cwd=self.path, stdout=subprocess.DEVNULL, **self.user)

    def address(self, database):
        return f"postgres://antiphon@{str(self.path / 'run').replace('/', '%2F')}/{database}"

    def __exit__(self, *_):
        self.run("pg_ctl", "stop", "-s", "-m", "immediate", "-D", self.path / "data")
        self.folder.cleanup()


def on_postgres(example, world, count, seconds):
    import psycopg

    with Cluster() as cluster, tempfile.TemporaryDirectory(prefix="antiphon-search-") as folder:
        folder = pathlib.Path(folder)
        psycopg.connect(cluster.address("postgres"), autocommit=True).execute("CREATE DATABASE loire")
        subprocess.run([example, "new", folder / "node", cluster.address("loire")], check=True)
        database = psycopg.connect(cluster.address("loire"), autocommit=True)

        def copied(sentence, rows):
            with database.cursor().copy(sentence) as copy:
                for row in rows:
                    copy.write_row(row)

        known = fill(world, lambda table, columns: f"COPY {table} ({', '.join(columns)}) FROM STDIN", copied)
        asked = questions(known["works"], count)
        print(f"\n## PostgreSQL, {world.works:,} works\n")
        database.execute("ANALYZE")
        ours(example, folder, asked)
        database.execute("CREATE EXTENSION pg_trgm")
        database.execute("CREATE TABLE texts (id TEXT, text TEXT)")
        copied("COPY texts (id, text) FROM STDIN", known["texts"])
        begun = time.monotonic()
        database.execute("CREATE INDEX ON texts USING gin (text gin_trgm_ops)")
        database.execute("ANALYZE texts")
        print(f"<!-- pg_trgm: built at {world.works / (time.monotonic() - begun):,.0f} works/s -->")
        like = lambda text: ("SELECT id FROM texts WHERE " + " AND ".join(["text LIKE %s"] * max(len(text.split()), 1)) + " LIMIT 20", [f"%{word}%" for word in text.split()] or ["%"])
        ranked = lambda text: ("SELECT id FROM texts WHERE " + " AND ".join(["text LIKE %s"] * max(len(text.split()), 1)) + " ORDER BY word_similarity(%s, text) DESC LIMIT 20", ([f"%{word}%" for word in text.split()] or ["%"]) + [text])
        near = lambda text: ("SELECT id FROM texts WHERE %s <%% text ORDER BY word_similarity(%s, text) DESC LIMIT 20", [text, text])
        run = lambda sentence, values: database.execute(sentence, values).fetchall()
        beside(run, [
            ("LIKE over pg_trgm, no order", "prefix", like),
            ("LIKE over pg_trgm, by likeness", "prefix", ranked),
            ("pg_trgm, by likeness", "typo", near),
        ], asked, seconds)


def in_own_environment():
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "antiphon-bench-search"
    python = home / "bin" / "python"
    if pathlib.Path(sys.prefix) == home:
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "-q", "install", "psycopg[binary]"], check=True)
    os.execv(python, [python, *sys.argv])


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("works", type=int, nargs="?", default=1_000_000)
    words.add_argument("--postgres", action="store_true", help="PostgreSQL instead of SQLite")
    words.add_argument("--count", type=int, default=1_000, help="how many questions of each kind")
    words.add_argument("--seconds", type=int, default=30, help="how long each other way is tried")
    words.add_argument("--ours", type=pathlib.Path, help="the example, built already")
    asked = words.parse_args()
    example = asked.ours
    if asked.postgres:
        in_own_environment()
    if example is None:
        build = ["cargo", "build", "-q", "--release", "-p", "node", "--features", "postgres", "--example", "search"]
        subprocess.run(build, cwd=ROOT, check=True)
        target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
        example = target / "release" / "examples" / "search"
    way = on_postgres if asked.postgres else on_sqlite
    way(example, World(asked.works), asked.count, asked.seconds)


if __name__ == "__main__":
    main()
