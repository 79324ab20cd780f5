"""The examples in the documentation run, and every exported name is documented."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import ha_discovery

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs" / "reference" / "ha-discovery.md"


class Client:
    """Records what the example publishes."""

    def __init__(self) -> None:
        self.published: list[tuple[str, str, int, bool]] = []

    def publish(self, *message: Any) -> None:
        self.published.append(message)


def test_the_example_announces_the_kiln(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = re.search(r"## Example\n+```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert example
    monkeypatch.chdir(tmp_path)
    client = Client()
    for _ in range(2):
        exec(compile(example[1], str(DOCS), "exec"), {"client": client})
    first, again = client.published
    assert first == again
    topic, payload, qos, retain = first
    assert (topic, qos, retain) == ("homeassistant/device/kiln_1f3a/config", 1, True)
    assert set(json.loads(payload)["components"]) == {"temperature", "ready_at", "door"}
    stored = json.loads((tmp_path / "announced.json").read_text())
    assert len(ha_discovery.Announced.from_json(stored).places) == 3


def test_the_example_in_the_readme_announces_its_kiln() -> None:
    example = re.search(r"```python\n(import ha_discovery .*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    assert example
    result: dict[str, Any] = {}
    exec(compile(example[1], "README.md", "exec"), result)
    [message] = result["step"]
    assert message.topic == "homeassistant/device/kiln/config"
    assert set(json.loads(message.payload)["components"]) == {"ready_at"}


@pytest.mark.parametrize("name", ha_discovery.__all__)
def test_every_exported_name_is_documented(name: str) -> None:
    assert re.search(rf"\b{name}\b", DOCS.read_text())
