"""The plugin's data folder: small JSON files, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ..bridge.protocol.effects import Save


def discard(folder: str, pattern: str) -> None:
    """Remove the files in `folder` that nobody reads any more."""
    for path in Path(folder).glob(pattern):
        with contextlib.suppress(OSError):
            path.unlink()


class Files:
    """Reads at start, writes in the background: nobody waits for the disk."""

    def __init__(self, folder: Path, background: Executor, logger: logging.Logger) -> None:
        self._folder = folder
        self._background = background
        self._logger = logger

    def load(self) -> dict[str, Any]:
        """Return all values by name; a damaged file is set aside with the ending `.damaged`."""
        return {path.stem: value for path in self._folder.glob("*.json") for value in self._read(path)}

    def save(self, effect: Save) -> None:
        """Have a value written."""
        self._background.submit(self._write, effect.name, effect.value)

    def _read(self, path: Path) -> list[Any]:
        try:
            return [json.loads(path.read_text(encoding="utf-8"))]
        except OSError as error:
            self._logger.warning("Cannot read %s: %s", path, error)
        except (ValueError, RecursionError):
            self._logger.warning("%s is damaged and was set aside", path)
            with contextlib.suppress(OSError):
                path.replace(path.with_suffix(".damaged"))
        return []

    def _write(self, name: str, value: Any) -> None:
        path = self._folder / f"{name}.json"
        draft = path.with_suffix(".draft")
        try:
            with draft.open("w", encoding="utf-8") as file:
                json.dump(value, file, separators=(",", ":"))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except (OSError, TypeError, ValueError, RecursionError) as error:
            self._logger.warning("Cannot write %s: %s", path, error)
