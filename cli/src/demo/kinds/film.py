#!/usr/bin/env python3
"""Draws the demo's film, `film.webm`: a year on a slag heap, in half a minute. Needs numpy and ffmpeg."""

import subprocess

import numpy as np

WIDE, HIGH, RATE, SECONDS = 640, 360, 12, 24
Y, X = np.mgrid[0:HIGH, 0:WIDE].astype(float)

# Sky, sun, heap, ground, green: winter, spring, summer, autumn, winter again.
YEAR = [
    ("#d9dde2", "#f4efe2", "#1d1e22", "#c9c6bd", "#5d6b57"),
    ("#cfe3e2", "#f6dd9a", "#22231f", "#a9b98a", "#7fa05a"),
    ("#f2d9a8", "#e8743b", "#24221d", "#8fa35c", "#4d7a3c"),
    ("#e7b48c", "#c9472b", "#221d1b", "#a3763f", "#b5762f"),
    ("#d9dde2", "#f4efe2", "#1d1e22", "#c9c6bd", "#5d6b57"),
]


def rgb(text):
    return np.array([int(text[i:i + 2], 16) for i in (1, 3, 5)], dtype=float)


def inks(at):
    place = at * (len(YEAR) - 1)
    first = min(int(place), len(YEAR) - 2)
    part = place - first
    part = part * part * (3 - 2 * part)
    return [rgb(a) * (1 - part) + rgb(b) * part for a, b in zip(YEAR[first], YEAR[first + 1])]


def frame(at):
    sky, sun, heap, ground, green = inks(at)
    picture = np.broadcast_to(sky, (*X.shape, 3)).copy()
    # The sun is two half discs; one follows the other.
    for side, late in ((-1, 0.0), (1, 0.035)):
        turn = (at - late) % 1.0
        cx = -60 + (WIDE + 120) * ((turn * 4) % 1.0)
        cy = 250 - 190 * np.sin(np.pi * ((turn * 4) % 1.0))
        half = ((X - cx - side * 2) * side > 0) & ((X - cx) ** 2 + (Y - cy) ** 2 < 38 ** 2)
        picture[half] = sun
    climb = 0.5 - 0.5 * np.cos(2 * np.pi * at)
    for middle, wide, high, share in ((430, 260, 190, 0.55), (210, 250, 140, 0.8)):
        slope = 1 - np.abs(X - middle) / wide
        crest = 318 - high * np.clip(slope, 0, 1) - 3 * np.sin(X / 17.0)
        within = (slope > 0) & (Y > crest)
        picture[within] = heap
        tongues = 318 - high * share * (0.15 + 0.85 * climb) + 9 * np.sin(X / 11.0 + middle) + 5 * np.sin(X / 4.3)
        picture[within & (Y > tongues)] = green
    picture[Y > 316] = ground
    # Snow, or leaves, or nothing.
    flakes = np.random.default_rng(7)
    fall = max(0.0, np.cos(2 * np.pi * at)) if at < 0.25 or at > 0.75 else 0.0
    for _ in range(int(90 * fall)):
        fx, speed, fy = flakes.random() * WIDE, 40 + 60 * flakes.random(), flakes.random() * HIGH
        fy = (fy + speed * at * SECONDS) % HIGH
        picture[int(fy):int(fy) + 3, int(fx):int(fx) + 3] = (255, 255, 255)
    return picture.astype(np.uint8).tobytes()


def sound():
    """A slow round of five notes that a second voice answers, at 24,000 samples a second."""
    rate, notes = 24_000, [57, 60, 64, 62, 67, 64, 60, 55]
    out = np.zeros(rate * SECONDS)
    for number in range(SECONDS * 2 // 3):
        for late, lower, loud in ((0.0, 0, 0.22), (0.75, 12, 0.16)):
            start = int((number * 1.5 + late) * rate)
            hertz = 440 * 2 ** ((notes[number % len(notes)] - lower - 69) / 12)
            t = np.arange(min(rate * 3, len(out) - start)) / rate
            if len(t):
                out[start:start + len(t)] += loud * np.sin(2 * np.pi * hertz * t) * np.exp(-1.6 * t)
    return (np.clip(out, -1, 1) * 32767).astype("<i2").tobytes()


with open("/tmp/film.pcm", "wb") as pcm:
    pcm.write(sound())
command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDE}x{HIGH}", "-r", str(RATE), "-i", "-",
           "-f", "s16le", "-ar", "24000", "-ac", "1", "-i", "/tmp/film.pcm", "-c:v", "libvpx-vp9", "-crf", "40", "-b:v", "0", "-deadline", "good", "-cpu-used", "5", "-row-mt", "1",
           "-pix_fmt", "yuv420p", "-c:a", "libopus", "-b:a", "20k", "-map_metadata", "-1", "-bitexact", "film.webm"]
making = subprocess.Popen(command, stdin=subprocess.PIPE)
for number in range(RATE * SECONDS):
    making.stdin.write(frame(number / (RATE * SECONDS)))
making.stdin.close()
assert making.wait() == 0
