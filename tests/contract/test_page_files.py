"""The files of the pages: the form contains every setting, and generated files are up to date."""

from __future__ import annotations

import re

import pytest

from octoprint_temp_eta.core.estimation.methods import METHODS
from octoprint_temp_eta.plugin.settings.form import form
from octoprint_temp_eta.settings import table
from octoprint_temp_eta.settings.table import GROUPS
from tests.support import browser, style_sheet, translations
from tests.support.contract import PROJECT

PACKAGE = PROJECT / "octoprint_temp_eta"
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
def test_a_field_takes_its_bounds_from_the_table(key: str, expected: dict[str, object]) -> None:
    field = fields()[key]
    assert {name: field[name] for name in expected} == expected


def test_no_text_of_the_table_is_taken_for_a_format() -> None:
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
