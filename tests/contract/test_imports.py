"""Rules for imports, one per row. The files are parsed, not imported."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.contract import PROJECT

OURS = "octoprint_temp_eta"

#: A package of the plugin, and the other packages that it may import.
PACKAGES = {
    "ha_discovery": "",
    "schemas": "",
    "core": "",
    "messages": "core",
    "settings": "core messages",
    "home_assistant": "core ha_discovery messages",
    "bridge": "core ha_discovery home_assistant messages settings",
    "script_child": "core",
    "examples": "",
    "adapters": "core messages bridge settings script_child",
    "app": "core ha_discovery messages bridge settings adapters",
    "command_line": "bridge messages settings adapters",
    "plugin": "core bridge messages settings adapters app command_line",
    "__init__": "plugin",
}

#: Modules, and the files that may import them. Other modules of the standard library are unrestricted.
MODULES = {
    "octoprint flask flask_babel werkzeug": "plugin/* adapters/*",
    "click": "command_line/*",
    "yaml": "adapters/installation/config_file.py",
    "zeroconf": "adapters/broker_search.py",
    "paho": "adapters/broker/*",
    "numpy": "core/estimation/thermal/*",
    "jsonschema referencing": "messages/contract/validation.py",
    "mecode matplotlib": "script_child/*",
    # Threads: adapters connect those of OctoPrint, the worker and libraries; a REST call waits for its reply; the
    # script's process has a thread that receives messages.
    "threading _thread queue concurrent multiprocessing asyncio sched": "adapters/* plugin/web/rest.py script_child/*",
    # The clock: the inbox adds the time to each input; the script's process uses its own clock.
    "time timeit": "adapters/threads/inbox.py script_child/*",
    # Files, processes, sockets, and randomness.
    "os io pathlib shutil tempfile": "adapters/* script_child/* app.py plugin/plugin.py",
    "subprocess socket ssl select signal fcntl": "adapters/* script_child/*",
    "random secrets uuid": "adapters/* app.py plugin/plugin.py command_line/*",
}

#: Calls with the same effect as those modules, and the files that may make them.
CALLS = {
    "datetime.now datetime.utcnow datetime.today date.today": "adapters/threads/inbox.py",
    "open print input": "adapters/* script_child/*",
}

FILES = sorted(path for package in (OURS, "ha_discovery", "schemas") for path in (PROJECT / package).rglob("*.py"))


def module_of(path: Path) -> str:
    """Return a file's dotted name as it is imported: `schemas` is installed inside the plugin's package."""
    parts = list(path.relative_to(PROJECT).with_suffix("").parts)
    if parts[0] == "schemas":
        parts.insert(0, OURS)
    return ".".join(parts)


def package_of(module: str) -> str | None:
    """Return the package that a module belongs to, None for one that is not ours."""
    first, *rest = module.split(".")
    if first != OURS:
        return first if first in PACKAGES else None
    return rest[0] if rest and rest[0] in PACKAGES else "__init__"


def imports(source: str, module: str) -> Iterator[str]:
    """Yield the dotted names that a module's source imports, relative ones resolved."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def calls(source: str) -> Iterator[str]:
    """Yield the called functions by their last two names, such as `datetime.now`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ".".join(ast.unparse(node.func).split(".")[-2:])


def forbidden(source: str, module: str, name: str) -> Iterator[str]:
    """Yield imports and calls that violate the rules; `name` is the module's file in the plugin's package."""
    here = package_of(module)
    for imported in imports(source, module):
        there, top = package_of(imported), imported.split(".")[0]
        if there is not None:
            if there != here and there not in PACKAGES[here or ""].split():
                yield f"imports {imported}"
        elif not _allowed(MODULES, top, name, otherwise=top in sys.stdlib_module_names or top == "_typeshed"):
            yield f"imports {imported}"
    for called in calls(source):
        if not _allowed(CALLS, called, name, otherwise=True):
            yield f"calls {called}"


def _allowed(rules: dict[str, str], what: str, name: str, *, otherwise: bool) -> bool:
    for things, places in rules.items():
        if what in things.split():
            return any(fnmatch(name, place) for place in places.split())
    return otherwise


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_file_keeps_to_the_rules(path: Path):
    name = str(path.relative_to(PROJECT)).removeprefix(f"{OURS}/")
    assert name.removesuffix(".py").split("/")[0] in PACKAGES, "a new package needs a row"
    assert list(forbidden(path.read_text(encoding="utf-8"), module_of(path), name)) == []


@pytest.mark.parametrize(
    ("name", "source", "found"),
    [
        ("core/heating/state_machine/heater.py", "from ...estimation.samples import History", []),
        (
            "core/heating/state_machine/heater.py",
            "from ....messages import encode",
            ["imports octoprint_temp_eta.messages.encode"],
        ),
        ("core/heating/state_machine/heater.py", "from .... import settings", ["imports octoprint_temp_eta.settings"]),
        (
            "core/heating/state_machine/heater.py",
            "from octoprint_temp_eta import app",
            ["imports octoprint_temp_eta.app"],
        ),
        ("core/heating/state_machine/heater.py", "import numpy as np", ["imports numpy"]),
        ("core/estimation/thermal/model.py", "import numpy as np", []),
        ("messages/encode.py", "from jsonschema import validate", ["imports jsonschema.validate"]),
        ("messages/encode.py", "import datetime as d\nd.datetime.now()", ["calls datetime.now"]),
        ("messages/encode.py", "from importlib.resources import files", []),
        ("bridge/bridge.py", "def f():\n import time", ["imports time"]),
        ("bridge/bridge.py", "import ha_discovery, requests", ["imports requests"]),
        ("bridge/bridge.py", "open('file')", ["calls open"]),
        ("adapters/broker/connection.py", "import paho.mqtt.client, threading\nopen('file')", []),
        ("adapters/printer.py", "import octoprint.printer, paho", ["imports paho"]),
        ("adapters/threads/worker.py", "from ...app import App", ["imports octoprint_temp_eta.app.App"]),
        ("plugin/plugin.py", "from .. import __plugin_name__", ["imports octoprint_temp_eta.__plugin_name__"]),
        ("plugin/plugin.py", "import threading", ["imports threading"]),
    ],
)
def test_the_rules_are_held(name: str, source: str, found: list[str]):
    module = f"{OURS}.{name.removesuffix('.py').replace('/', '.')}"
    assert list(forbidden(source, module, name)) == found


@pytest.mark.parametrize("modules", MODULES)
def test_no_rule_outlives_its_use(modules: str):
    used = {name.split(".")[0] for path in FILES for name in imports(path.read_text(encoding="utf-8"), module_of(path))}
    assert used & set(modules.split())


def test_the_plugin_class_is_a_list_of_translations():
    tree = ast.parse((PROJECT / OURS / "plugin" / "plugin.py").read_text(encoding="utf-8"))
    sizes = {node.name: (node.end_lineno or 0) - node.lineno for node in tree.body if isinstance(node, ast.ClassDef)}
    assert sizes
    assert max(sizes.values()) < 250


def test_octoprint_is_imported_only_when_it_asks_for_the_plugin():
    tree = ast.parse((PROJECT / OURS / "__init__.py").read_text(encoding="utf-8"))
    assert not [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


#: Packages that must load, and the modules that are absent then.
LOADS = {
    "ha_discovery": "octoprint_temp_eta octoprint paho numpy jsonschema mecode",
    "octoprint_temp_eta.schemas": "octoprint paho numpy jsonschema mecode",
    "octoprint_temp_eta.core": "octoprint paho jsonschema mecode",
    "octoprint_temp_eta.messages": "octoprint paho numpy mecode ha_discovery",
    "octoprint_temp_eta.home_assistant": "octoprint paho numpy mecode",
    "octoprint_temp_eta.bridge": "octoprint paho mecode",
    "octoprint_temp_eta.script_child": "octoprint paho jsonschema",
}

LOADER = """
import importlib, pkgutil, sys
package, absent = sys.argv[1], sys.argv[2].split()
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in absent:
            raise ModuleNotFoundError(f"{name} is absent", name=name)
sys.meta_path.insert(0, Absent())
def load(name):
    module = importlib.import_module(name)
    for part in pkgutil.iter_modules(getattr(module, "__path__", ())):
        if part.name != "__main__":
            load(f"{name}.{part.name}")
load(package)
"""


@pytest.mark.parametrize(("package", "absent"), LOADS.items(), ids=LOADS)
def test_a_package_loads_alone(package: str, absent: str):
    loaded = subprocess.run(
        [sys.executable, "-c", LOADER, package, absent], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert loaded.returncode == 0, loaded.stderr


#: What the plugin imports only when it is needed: each costs time at OctoPrint's start, and memory.
LATER = [
    "numpy",
    "jsonschema",
    "statistics",
    f"{OURS}.adapters.connection_test.doctor",
    f"{OURS}.core.estimation.exponential",
    f"{OURS}.home_assistant.entities.climate",
    f"{OURS}.home_assistant.older_servers",
    f"{OURS}.messages.contract.wording",
    f"{OURS}.messages.leftovers",
    f"{OURS}.plugin.settings.form",
]

START = """
import octoprint.server, sys
before = set(sys.modules)
import octoprint_temp_eta.plugin.plugin
import octoprint_temp_eta.adapters.broker.mqtt
import octoprint_temp_eta.adapters.connection_test.connection_tests
print(*set(sys.modules) - before)
"""


def test_the_start_imports_nothing_that_is_needed_later():
    loaded = subprocess.run([sys.executable, "-c", START], cwd=PROJECT, capture_output=True, text=True, check=True)
    imported = loaded.stdout.split()
    assert "octoprint_temp_eta.app" in imported
    assert not set(LATER) & set(imported)


def test_the_modules_import_each_other_in_one_direction():
    modules = {module_of(path).removesuffix(".__init__") for path in FILES}
    graph = {}
    for path in FILES:
        name = module_of(path)
        found = imports(path.read_text(encoding="utf-8"), name)
        targets = {each if each in modules else each.rpartition(".")[0] for each in found}
        graph[name.removesuffix(".__init__")] = targets & modules
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the cycle


def test_the_packages_of_the_bridge_import_each_other_in_one_direction():
    bridge = f"{OURS}.bridge."
    graph: dict[str, set[str]] = {}
    for path in FILES:
        name = module_of(path)
        if not name.startswith(bridge) or name.count(".") < 3:
            continue
        package = name.removeprefix(bridge).split(".")[0]
        for imported in imports(path.read_text(encoding="utf-8"), name):
            other = imported.removeprefix(bridge).split(".")[0]
            if imported.startswith(bridge) and (PROJECT / OURS / "bridge" / other).is_dir() and other != package:
                graph.setdefault(package, set()).add(other)
    assert len(graph) > 4
    TopologicalSorter(graph).prepare()
