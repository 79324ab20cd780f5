"""The package depends on nothing but the standard library."""

import ast
import sys
from pathlib import Path

import ha_discovery

PACKAGE = Path(ha_discovery.__file__).parent


def test_it_imports_only_itself_and_the_standard_library() -> None:
    imported = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                imported.add(str(node.module).partition(".")[0])
    assert {"ha_discovery", "json"} <= imported
    # _typeshed exists for type checkers only
    assert imported - {"ha_discovery", "_typeshed"} <= sys.stdlib_module_names
    assert not imported & {"asyncio", "datetime", "os", "pathlib", "random", "socket", "threading", "time"}


def test_everything_in_all_exists() -> None:
    assert all(hasattr(ha_discovery, name) for name in ha_discovery.__all__)


def test_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").exists()
