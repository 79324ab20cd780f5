"""The files of the pages: the form contains every setting, and generated files are up to date."""

from __future__ import annotations

import ast
import re
import socket
import ssl
from functools import cache

import pytest

from octoprint_temp_eta.adapters.broker import errors
from octoprint_temp_eta.core.estimation.methods import METHODS
from octoprint_temp_eta.plugin.settings.form import form
from octoprint_temp_eta.settings import table
from octoprint_temp_eta.settings.broker_address import BrokerAddress
from octoprint_temp_eta.settings.table import GROUPS
from tests.support import browser, sentences, style_sheet, translations
from tests.support.contract import PROJECT

PACKAGE = PROJECT / "octoprint_temp_eta"
HERE = BrokerAddress("broker.test", 1883)
#: Errors of an attempt to connect.
FAILURES = (
    ConnectionRefusedError(111, "Connection refused"),
    ConnectionResetError(104, "Connection reset by peer"),
    TimeoutError("timed out"),
    OSError(113, "No route to host"),
    socket.gaierror(-2, "Name or service not known"),
    ssl.SSLCertVerificationError(1, "certificate verify failed"),
    ssl.SSLError(1, "wrong version number"),
)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def fields() -> dict[str, dict[str, object]]:
    return {field["key"]: field for group in form() for field in group["fields"]}


def test_every_setting_has_one_field() -> None:
    keys = [field["key"] for group in form() for field in group["fields"]]
    assert sorted(keys) == sorted(table.defaults())


def test_every_group_has_settings() -> None:
    assert [group["title"] for group in form()] == [group.TITLE for group in GROUPS]


def test_every_choice_has_a_label() -> None:
    assert [value for _, rule in table.rows() for value, label in rule.choices.items() if not label] == []


def test_every_method_can_be_chosen() -> None:
    assert [value for value, _ in fields()["algorithm"]["choices"]] == list(METHODS)  # type: ignore[misc, attr-defined]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("enabled", {"kind": "bool", "choices": []}),
        ("mqtt_broker_port", {"kind": "number", "low": 1, "high": 65535, "step": 1}),
        ("threshold_start", {"kind": "number", "low": 1, "high": 50, "step": "any", "unit": "°C"}),
        ("cooldown_ambient_temp", {"kind": "number", "nullable": True, "step": "any"}),
        ("mqtt_password", {"kind": "secret"}),
        ("color_idle", {"kind": "color"}),
        (
            "temp_display",
            {"kind": "choice", "choices": [("octoprint", "Same as OctoPrint"), ("c", "°C"), ("cf", "°C and °F")]},
        ),
    ],
)
def test_a_field_has_the_bounds_of_the_table(key: str, expected: dict[str, object]) -> None:
    field = fields()[key]
    assert {name: field[name] for name in expected} == expected


def test_no_text_of_the_table_contains_a_placeholder() -> None:
    """The templates translate these texts, and what translates takes a per cent sign for a placeholder."""
    texts = [str(field[name]) for field in fields().values() for name in ("label", "help", "form")]
    assert [text for text in texts if "%" in text] == []


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_the_catalogue_has_todays_texts_and_all_are_translated(language: str) -> None:
    wanted = {message.id for message in translations.template() if message.id}
    known = {message.id: message.string for message in translations.known(language) if message.id}
    assert set(known) == wanted, "run make pages"
    assert [text for text, translated in known.items() if not translated] == []


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_a_translation_has_the_placeholders_of_its_text(language: str) -> None:
    for message in translations.known(language):
        if message.id:
            assert sorted(PLACEHOLDER.findall(message.string)) == sorted(PLACEHOLDER.findall(message.id)), message.id


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_the_compiled_catalogue_is_in_step(language: str) -> None:
    compiled = translations.path_of(language).with_suffix(".mo").read_bytes()
    assert compiled == translations.compiled(translations.known(language)), "run make pages"


@pytest.mark.skipif(browser.program() is None, reason=browser.NO_BROWSER)
def test_the_style_sheet_is_in_step_with_its_less() -> None:
    assert style_sheet.CSS.read_text(encoding="utf-8") == style_sheet.compiled(), "run make pages"


def test_the_style_sheet_leaves_the_rest_of_octoprint_alone() -> None:
    css = re.sub(r"/\*.*?\*/", "", style_sheet.CSS.read_text(encoding="utf-8"), flags=re.DOTALL)
    selectors = [each.strip() for rule in re.findall(r"([^{}]+)\{", css) for each in rule.split(",")]
    assert [each for each in selectors if ".temp-eta" not in each and not each.startswith("@media")] == []


@pytest.mark.parametrize("name", ["heating_complete", "cooldown_complete"])
def test_a_sound_is_a_small_mp3(name: str) -> None:
    sound = (PACKAGE / "static" / "sounds" / f"{name}.mp3").read_bytes()
    assert sound[:2] == b"\xff\xfb"
    assert 4_000 < len(sound) < 20_000


def test_the_scripts_list_of_sentences_is_up_to_date() -> None:
    assert sentences.SCRIPT.read_text(encoding="utf-8") == sentences.script(), "run make pages"


def test_a_sentence_names_each_value_once() -> None:
    names = {key: sentences.VALUE.findall(key) for key in sentences.sentences()}
    assert [key for key, values in names.items() if len(values) > len(set(values))] == []


def test_no_template_contains_a_script() -> None:
    """Content security policies forbid scripts in the page."""
    inline = re.compile(r"<script|javascript:|\son[a-z]+=", re.IGNORECASE)
    templates = {path.name: path.read_text(encoding="utf-8") for path in PACKAGE.glob("templates/**/*.jinja2")}
    assert [name for name, text in templates.items() if inline.search(text)] == []


#: What carries a sentence to the pages: errors, replies and problems.
CARRIERS = {
    "CommandError", "InvalidSetting", "InvalidSettings", "NoReply", "Refused", "ScriptFailed", "StepFailed",
    "StepSkipped", "_refusal", "failed", "rejected", "report",
}  # fmt: skip


def carries_a_sentence(call: ast.AST) -> bool:
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    parts = [part for argument in call.args for part in ast.walk(argument) if isinstance(part, ast.Constant)]
    return name in CARRIERS and any(isinstance(part.value, str) and " " in part.value for part in parts)


def test_the_sentences_of_every_module_that_carries_some_to_the_pages_are_keys() -> None:
    carrying = {
        path for path in PACKAGE.rglob("*.py") if any(map(carries_a_sentence, ast.walk(ast.parse(path.read_text()))))
    }
    assert len(carrying) > 15
    assert carrying - set(sentences.modules()) == set(), "add them to SOURCES in tests/support/sentences.py"


@cache
def patterns() -> list[re.Pattern[str]]:
    """Return the patterns of the server's sentences that the pages translate."""
    return [re.compile(re.sub(r"%\\\((\w+)\\\)s", "(.*?)", re.escape(text))) for text in sentences.sentences()]


@pytest.mark.parametrize(
    "message",
    [
        *(name for name, _ in errors.REASONS.values()),
        *(remedy for _, remedy in errors.REASONS.values()),
        *errors.CERTIFICATE_REMEDIES.values(),
        *(errors.explain(error, HERE, "") for error in FAILURES),
        *(errors.connection_refused(HERE, code) for code in (0x86, 0x87, 0x89)),
        errors.connection_lost(HERE, None),
        errors.connection_lost(HERE, errors.SESSION_TAKEN_OVER),
        errors.subscription_refused("a/b/#", "not authorized"),
    ],
)
def test_what_the_pages_show_of_the_connection_has_a_translation(message: str) -> None:
    keys = patterns()
    for sentence in re.sub(r"([.?]) (?=[A-Z'])", r"\1\n", message).split("\n"):
        text = re.sub("^(TCP|TLS|CONNACK|WebSocket|Name look-up): ", "", sentence.removesuffix("."))
        assert any(pattern.fullmatch(text) for pattern in keys), text
