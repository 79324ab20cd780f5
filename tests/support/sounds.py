"""The pages' sounds: bells synthesised from sine waves. `python -m tests.support.sounds` writes them as MP3.

Needs lame; if it is not installed, Debian's package is used.
"""

from __future__ import annotations

import array
import math
import os
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path

from tests.support.contract import PROJECT
from tests.support.debian import library_path, unpack

FOLDER = PROJECT / "octoprint_temp_eta" / "static" / "sounds"
RATE = 44100
#: Hz of the notes.
C5, E5, G5, C6 = 523.25, 659.26, 783.99, 1046.5
#: The notes by file: rising for ready, falling for cooled down, to and fro for a problem.
SOUNDS = {
    "heating_complete": (C5, E5, G5, C6),
    "cooldown_complete": (C6, G5, C5),
    "problem": (E5, C5, E5, C5),
}
#: Seconds from one note to the next, and how long the last one rings.
STEP_S, RING_S = 0.14, 0.9
#: Of a bell: multiples of its note, how loud each is, and how fast (1/s) it fades.
PARTIALS = ((1.0, 1.0, 5.0), (2.0, 0.35, 8.0), (3.01, 0.12, 12.0), (5.4, 0.05, 20.0))


def bells(notes: Sequence[float]) -> list[float]:
    """Return the samples of `notes`, the loudest of them 0.8."""
    samples = [0.0] * round(RATE * (STEP_S * (len(notes) - 1) + RING_S))
    for number, note in enumerate(notes):
        start = round(RATE * STEP_S * number)
        for index in range(start, len(samples)):
            at = (index - start) / RATE
            if at > RING_S:
                break
            # Fade in and out, to avoid clicks.
            edges = min(1.0, at / 0.005, (RING_S - at) / 0.1)
            samples[index] += edges * sum(
                loud * math.exp(-fade * at) * math.sin(2 * math.pi * multiple * note * at)
                for multiple, loud, fade in PARTIALS
            )
    loudest = max(abs(sample) for sample in samples)
    return [0.8 * sample / loudest for sample in samples]


def write_wave(path: Path, samples: Sequence[float]) -> None:
    """Write mono samples from -1 to 1 as a WAV file of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(array.array("h", (round(32767 * sample) for sample in samples)).tobytes())


def encode(source: Path, target: Path) -> None:
    """Encode a WAV file as a small MP3."""
    program, environment = shutil.which("lame"), dict(os.environ)
    if program is None:
        root = unpack(["lame"], PROJECT / ".cache" / "debian" / "lame")
        program, environment["LD_LIBRARY_PATH"] = str(root / "usr" / "bin" / "lame"), library_path(root)
    subprocess.run([program, "--quiet", "-m", "m", "-b", "64", source, target], check=True, env=environment)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="sounds-") as folder:
        for name, notes in SOUNDS.items():
            write_wave(Path(folder) / "sound.wav", bells(notes))
            encode(Path(folder) / "sound.wav", FOLDER / f"{name}.mp3")
