"""Each module with logic has a test file of its own, which its name leads to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.contract import PROJECT

PLUGIN = "octoprint_temp_eta"
UNIT = PROJECT / "tests" / "unit"

#: Modules that are tested with a real OctoPrint, broker or process only, and the file in `tests/integration`.
INTEGRATION = {
    "__init__": "test_octoprint_versions",
    "adapters/broker/client/addresses": "test_mqtt_transports",
    "adapters/broker/client/guarded": "test_mqtt_malformed",
    "adapters/broker/connection": "test_mqtt",
    "adapters/broker/mqtt": "test_mqtt",
    "adapters/broker/reach": "test_doctor",
    "adapters/connection_test/doctor": "test_doctor",
    "adapters/connection_test/probe": "test_doctor",
    "adapters/connection_test/short_connection": "test_doctor",
    "adapters/leftovers": "test_leftovers",
    "adapters/scripts/folder": "test_script_folder",
    "adapters/scripts/inspection": "test_script_folder",
    "adapters/scripts/scripts": "test_scripts_adapter",
    "app": "test_running_bridge",
    "command_line/clean": "test_command_line",
    "command_line/doctor": "test_command_line",
    "examples/warm_up": "test_script_examples",
    "plugin/unsupported": "test_octoprint_versions",
    "plugin/web/rest": "test_rest",
    "script_child/__main__": "test_script_child_ends",
    "script_child/channel/channel": "test_script_child_ends",
    "script_child/g": "test_script_child",
    "script_child/inspection": "test_script_folder",
    "script_child/printer": "test_script_child",
    "script_child/run": "test_script_child",
    "script_child/script": "test_script_folder",
}
#: Modules whose methods do nothing.
DEFAULTS = ("bridge/part",)


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the modules: the path in the package, and the file."""
    for package, root in ((PLUGIN, PROJECT / PLUGIN), ("ha_discovery", PROJECT)):
        for path in sorted((PROJECT / package).rglob("*.py")):
            yield str(path.relative_to(root).with_suffix("")), path


def has_logic(path: Path) -> bool:
    """Whether a module defines a function, or a method other than a constructor."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "__init__" for node in nodes)


def unit_file_of(name: str) -> Path:
    """Return the mirrored test file of a module."""
    folder, _, module = name.rpartition("/")
    return UNIT / folder / f"test_{module}.py"


def file_of(name: str) -> Path:
    """Return the test file of a module."""
    if name in INTEGRATION:
        return PROJECT / "tests" / "integration" / f"{INTEGRATION[name]}.py"
    return unit_file_of(name)


WITH_LOGIC = {name: path for name, path in modules() if has_logic(path) and name not in DEFAULTS}


@pytest.mark.parametrize("name", WITH_LOGIC)
def test_a_module_with_logic_has_its_test_file(name: str) -> None:
    assert file_of(name).is_file(), file_of(name).relative_to(PROJECT)


def test_each_file_in_tests_unit_is_that_of_a_module() -> None:
    expected = {unit_file_of(name) for name, _ in modules()}
    assert [str(path.relative_to(UNIT)) for path in sorted(UNIT.rglob("test_*.py")) if path not in expected] == []


def test_no_exception_outlives_its_use() -> None:
    assert {*INTEGRATION, *DEFAULTS} <= dict(modules()).keys()
    assert [
        name
        for name in INTEGRATION
        if (PROJECT / "tests/unit" / name).with_name(f"test_{Path(name).name}.py").is_file()
    ] == []
