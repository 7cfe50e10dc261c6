#!/usr/bin/env python3
"""How much memory and time hostile messages cost: large ones of every kind, made here one at a time,
each read by `antiphon import --dry-run` in a process of its own, beside a message that is as it should
be.

    bench/nasty.py ANTIPHON [MEBIBYTES]      # of the large ones; 1,000
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

MIB = 2**20
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>{doctype}<ern:NewReleaseMessage '
    'xmlns:ern="http://ddex.net/xml/ern/43" AvsVersionId="3" LanguageAndScriptCode="fr">'
    "<MessageHeader><MessageId>1</MessageId><MessageSender><PartyId>PADPIDA2014120301A</PartyId>"
    "</MessageSender><MessageCreatedDateTime>2026-11-01T00:00:00Z</MessageCreatedDateTime>"
    "</MessageHeader><PartyList><Party><PartyReference>P1</PartyReference><PartyName><FullName>"
    "Ana</FullName></PartyName></Party></PartyList>"
)
RECORDING = (
    "<SoundRecording><ResourceReference>{at}</ResourceReference><Type>MusicalWorkSoundRecording</Type>"
    "<DisplayTitleText>Titre</DisplayTitleText><DisplayArtist><ArtistPartyReference>P1"
    "</ArtistPartyReference></DisplayArtist>{more}<Duration>PT3M</Duration></SoundRecording>"
)
TAIL = (
    "<ReleaseList><Release><ReleaseReference>R0</ReleaseReference><ReleaseType>Album</ReleaseType>"
    "<ReleaseId><ICPN>3700000000013</ICPN></ReleaseId><DisplayTitleText>Tout</DisplayTitleText>"
    "<DisplayArtist><ArtistPartyReference>P1</ArtistPartyReference></DisplayArtist>"
    "<ReleaseLabelReference>P1</ReleaseLabelReference><ResourceGroup><ResourceGroupContentItem>"
    "<ReleaseResourceReference>A0</ReleaseResourceReference></ResourceGroupContentItem></ResourceGroup>"
    "</Release></ReleaseList>{deals}</ern:NewReleaseMessage>"
)


def head(doctype: str = "") -> str:
    return HEAD.format(doctype=doctype)


def recordings(count: int, more: str = "") -> Iterator[str]:
    yield "<ResourceList>"
    for at in range(count):
        yield RECORDING.format(at=f"A{at}", more=more)
    yield "</ResourceList>"


def kinds(size: int) -> dict[str, Iterator[str]]:
    """Each kind as the pieces of its file; the large ones are of so many bytes."""
    laughs = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    blow = f"<!DOCTYPE x [<!ENTITY a '{'x' * 4 * MIB}'>]>"
    period = "<ValidityPeriod><StartDate>2026-01-01</StartDate></ValidityPeriod>"
    contributor = "<Contributor><ContributorPartyReference>P1</ContributorPartyReference><Role>{}</Role></Contributor>"

    def flood(piece: str, within: str = "") -> Iterator[str]:
        yield head() + within
        pieces = piece * (4 * MIB // len(piece))
        for _ in range(size // len(pieces)):
            yield pieces

    def product() -> Iterator[str]:
        yield head()
        yield from recordings(1)
        before, after = TAIL.format(deals="@").split("@")
        yield before + "<DealList><ReleaseDeal>"
        yield "<DealReleaseReference>R0</DealReleaseReference>" * 100_000
        for at in range(60_000):
            yield f"<Deal><DealTerms><TerritoryCode>FR</TerritoryCode>{period.replace('01-01', f'01-{at % 28 + 1:02}')}</DealTerms></Deal>"
        yield "</ReleaseDeal></DealList>" + after

    return {
        "a message as it should be": iter([head(), *recordings(1), TAIL.format(deals="")]),
        "billion laughs": iter([head(f"<!DOCTYPE x [<!ENTITY a0 'ha'>{laughs}]>"), "&a11;"]),
        "quadratic blowup": iter([head(blow), "&a;" * MIB]),
        "a document type without end": iter([f"<?xml version='1.0'?><!DOCTYPE NewReleaseMessage [{'<!--x-->' * (size // 8)}"]),
        "ten million elements deep": iter([head(), "<a>" * 10_000_000]),
        "a million attributes": iter([head(), "<a", "".join(f" a{n}=''" for n in range(1_000_000)), "/>"]),
        "one text": flood("x", "<SupplementalDocumentList>"),
        "one attribute": flood("x", "<a b='"),
        "one comment": flood("x", "<!--"),
        "comments": flood("<!-- -->"),
        "instructions": flood("<?x y?>"),
        "references to letters": flood("&#120;&amp;", "<ResourceList><SoundRecording><DisplayTitleText>"),
        "empty elements": flood("<a/>", "<ResourceList><SoundRecording>"),
        "elements that are passed over": flood("<a b='c'>d</a>", "<ReleaseAdmin>"),
        "names of files": flood("<TechnicalDetails><File><URI>" + "x" * 900 + "</URI></File></TechnicalDetails>", "<ResourceList><SoundRecording>"),
        "recordings that say a lot": iter([head(), *recordings(size // 20_000, "".join(contributor.format(f"{n}{'x' * 150}") for n in range(80)))]),
        "recordings without end": iter([head(), *recordings(size // 300)]),
        "deals times releases": product(),
        "bytes that are no text": iter([head(), "\udcff" * MIB]),
    }


PROBE = (
    "import resource, subprocess, sys;"
    "done = subprocess.run(sys.argv[1:], capture_output=True, text=True);"
    "usage = resource.getrusage(resource.RUSAGE_CHILDREN);"
    "print(usage.ru_maxrss, usage.ru_utime + usage.ru_stime, done.returncode);"
    "print(done.stdout + done.stderr)"
)


def main() -> None:
    antiphon = sys.argv[1]
    size = int(sys.argv[2] if len(sys.argv) > 2 else 1_000) * MIB
    print("| message | bytes | CPU seconds | memory, MiB | what is told |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        node = folder / "node"
        made = [
            antiphon, "init", "--non-interactive", "--dir", str(node), "--name", "Bench", "--domain", "localhost:8420",
            "--territory", "FR-ARA", "--currency", "EUR", "--language", "fr", "--coordinator", "self", "--dev",
        ]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        for name, pieces in kinds(size).items():
            path = folder / "message.xml"
            with path.open("w", encoding="utf-8", errors="surrogateescape") as out:
                out.writelines(pieces)
            began = time.monotonic()
            take = [antiphon, "import", "--dry-run", "--dir", str(node), str(path)]
            told = subprocess.run([sys.executable, "-c", PROBE, *take], capture_output=True, text=True).stdout
            (memory, cpu, code), said = told.split("\n", 1)[0].split(), told.split("\n", 1)[1]
            lines = [line for line in said.splitlines() if "message.xml: " in line]
            words = lines[0].split("message.xml: ", 1)[1] if lines else said.splitlines()[0]
            print(f"| {name} | {path.stat().st_size:,} | {float(cpu):.1f} | {int(memory) / 1024:.0f} | {words[:120]} |", flush=True)
            assert code == ("0" if name.startswith("a message as") or "deals times" in name else "1"), said[:2000]
            assert time.monotonic() - began < 600


main()
