#!/usr/bin/env python3
"""How fast works come in, and in how much memory: a table of many rows and a message of many
recordings, made here, taken by `antiphon import` into a fresh node; then the same again, and once
more into another node whose import is killed (SIGKILL) in its middle and run again.

    bench/intake.py ANTIPHON [ROWS] [RECORDINGS]
"""

import json
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SYLLABLES = "ba be bi bo bu la le li lo lu ma me mi mo mu ra re ri ro ru ta te ti to tu".split()


def name(number: int) -> str:
    word = []
    while True:
        number, at = divmod(number, len(SYLLABLES))
        word.append(SYLLABLES[at])
        if number == 0:
            return "".join(word).capitalize()


def table(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.write("id,title,artist,release,label,position,duration,year,isrc,licensed_by,society\n")
        for at in range(rows):
            release = at // 12
            out.write(
                f"{at},{name(at * 7919)} {name(at)},{name(release // 3)},{name(release)} {release},"
                f"{name(release // 50)},{at % 12 + 1},3:{at % 60:02},{1990 + at % 35},"
                f"FRZ{at // 100000:02}{26}{at % 100000:05},{name(release // 50)},none\n"
            )


def message(path: Path, recordings: int) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.write(
            '<?xml version="1.0" encoding="UTF-8"?><ern:NewReleaseMessage '
            'xmlns:ern="http://ddex.net/xml/ern/43" AvsVersionId="3" LanguageAndScriptCode="fr">'
            "<MessageHeader><MessageId>1</MessageId><MessageSender><PartyId>PADPIDA2014120301A</PartyId>"
            "</MessageSender><MessageCreatedDateTime>2026-11-01T00:00:00Z</MessageCreatedDateTime>"
            "</MessageHeader><PartyList><Party><PartyReference>P1</PartyReference><PartyName><FullName>"
            "Ana</FullName></PartyName></Party></PartyList><ResourceList>"
        )
        for at in range(recordings):
            out.write(
                f"<SoundRecording><ResourceReference>A{at}</ResourceReference><Type>MusicalWorkSoundRecording"
                f"</Type><SoundRecordingEdition><ResourceId><ISRC>FRX{at // 100000:02}26{at % 100000:05}</ISRC>"
                f"</ResourceId></SoundRecordingEdition><DisplayTitleText>{name(at)}</DisplayTitleText>"
                "<DisplayArtist><ArtistPartyReference>P1</ArtistPartyReference></DisplayArtist>"
                "<Duration>PT3M</Duration></SoundRecording>\n"
            )
        out.write(
            "</ResourceList><ReleaseList><Release><ReleaseReference>R0</ReleaseReference><ReleaseType>Album"
            "</ReleaseType><ReleaseId><ICPN>3700000000013</ICPN></ReleaseId><DisplayTitleText>Tout"
            "</DisplayTitleText><DisplayArtist><ArtistPartyReference>P1</ArtistPartyReference></DisplayArtist>"
            "<ReleaseLabelReference>P1</ReleaseLabelReference><ResourceGroup>"
        )
        for at in range(recordings):
            out.write(
                f"<ResourceGroupContentItem><SequenceNumber>{at + 1}</SequenceNumber><ReleaseResourceReference>"
                f"A{at}</ReleaseResourceReference></ResourceGroupContentItem>"
            )
        out.write(
            "</ResourceGroup></Release></ReleaseList><DealList><ReleaseDeal><DealReleaseReference>R0"
            "</DealReleaseReference><Deal><DealTerms><TerritoryCode>Worldwide</TerritoryCode><ValidityPeriod>"
            "<StartDate>2026-01-01</StartDate></ValidityPeriod></DealTerms></Deal></ReleaseDeal></DealList>"
            "</ern:NewReleaseMessage>"
        )


def counted(told: str) -> str:
    counts = json.loads(told)
    names = ("taken", "updated", "known", "withdrawn", "refused_count")
    return ", ".join(f"{counts[name]:,} {name}" for name in names if counts[name])


def run(what: str, command: list[str], count: int) -> None:
    """Each run in a process of its own, so that the largest of its memory is its own."""
    began = time.monotonic()
    probe = (
        "import resource, subprocess, sys;"
        "code = subprocess.run(sys.argv[1:]).returncode;"
        "usage = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(code, usage.ru_maxrss, usage.ru_utime + usage.ru_stime, file=sys.stderr)"
    )
    told = subprocess.run([sys.executable, "-c", probe, *command, "--json"], capture_output=True, text=True)
    code, memory, cpu = told.stderr.split("\n")[-2].split()
    took = time.monotonic() - began
    print(
        f"{what}: {count:,} works in {took:.1f} s ({count / took:,.0f}/s; {float(cpu):.1f} CPU seconds, "
        f"{count / float(cpu):,.0f}/s), {int(memory) / 1024:.0f} MiB, exit code {code}: {counted(told.stdout)}",
        flush=True,
    )


def works_in(node: Path) -> int:
    found = sqlite3.connect(f"file:{next(node.glob('*.sqlite3'))}?mode=ro", uri=True)
    with found:
        return found.execute("SELECT count(*) FROM works").fetchone()[0]


def killed(what: str, node: Path, command: list[str], count: int) -> None:
    """Kills an import when some two fifths of the works are there."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while running.poll() is None and works_in(node) < count * 2 // 5:
        time.sleep(0.2)
    running.send_signal(signal.SIGKILL)
    running.wait()
    print(f"{what}, killed: {works_in(node):,} of {count:,} works are there", flush=True)


def made(antiphon: str, node: Path) -> None:
    init = [
        antiphon, "init", "--non-interactive", "--dir", str(node), "--name", "Bench",
        "--domain", "localhost:8420", "--territory", "FR-ARA", "--currency", "EUR",
        "--language", "fr", "--coordinator", "self", "--dev",
    ]
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    antiphon = sys.argv[1]
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    recordings = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "table").mkdir()
        (folder / "message").mkdir()
        table(folder / "table" / "works.csv", rows)
        message(folder / "message" / "message.xml", recordings)
        for what, count in (("message", recordings), ("table", rows)):
            if not count:
                continue
            node = folder / f"node-{what}"
            made(antiphon, node)
            take = [antiphon, "import", "--dir", str(node), str(folder / what)]
            run(f"{what}, only tried", [*take, "--dry-run"], count)
            run(f"{what}, taken", take, count)
            run(f"{what}, again", take, count)
            size = sum(file.stat().st_size for file in node.rglob("*") if file.is_file())
            print(f"{what}: the node's folder has {size / 2**20:,.0f} MiB", flush=True)
            shutil.rmtree(node)
            made(antiphon, node)
            killed(what, node, take, count)
            run(f"{what}, gone on with", take, count)
            print(f"{what}: {works_in(node):,} works are there", flush=True)
            shutil.rmtree(node)


if __name__ == "__main__":
    main()
