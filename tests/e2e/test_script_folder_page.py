"""The script folder in the settings dialog: missing, empty, unreadable, or writable for others."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.support import browser as browsers
from tests.support.octoprint import OctoPrint
from tests.support.octoprint_page import Open, Save, open_settings
from tests.support.scripts_page import PATH, button, open_with_empty_folder, sidebar
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER)


def test_a_missing_folder_is_created_from_the_dialog(
    octoprint: OctoPrint, settings: Save, open_page: Open, tmp_path: Path
) -> None:
    folder = tmp_path / "of" / "scripts"
    settings(script_folder=str(folder))
    eventually(lambda: octoprint.get(PATH)["script_folder"]["missing"], "the folder to be missed")
    page = open_page()
    open_settings(page, "Scripts")
    create = page.get_by_role("button", name="Create folder")
    expect(create).to_be_visible()
    create.click()
    expect(create).to_be_hidden()
    assert folder.is_dir()
    folder.chmod(0o777)
    expect(
        page.locator("#settings_plugin_temp_eta [role=alert]", has_text=f"{folder}").filter(has_text="Other users")
    ).to_be_visible()


def test_an_example_is_copied_into_an_empty_folder(
    octoprint: OctoPrint, settings: Save, open_page: Open, tmp_path: Path
) -> None:
    page = open_with_empty_folder(octoprint, settings, open_page, tmp_path)
    open_settings(page, "Scripts")
    hint = page.locator("#settings_plugin_temp_eta .alert", has_text="There are no scripts yet.")
    expect(hint).to_contain_text(f"Put a Python file into this folder: {tmp_path}")
    hint.get_by_role("button", name="Copy an example").click()
    expect(hint).to_be_hidden()
    expect(page.locator("#settings_plugin_temp_eta [data-script=warm_up] legend")).to_have_text("Warm up")
    assert [path.name for path in tmp_path.glob("*.py")] == ["warm_up.py"]
    page.locator("#settings_dialog [data-test-id=settings-close-button]").click()
    expect(button(page, "warm_up")).to_be_enabled()
    expect(sidebar(page)).to_contain_text("Heats bed and hotend to the temperatures in the settings")


def test_a_reply_that_is_older_than_a_pushed_message_does_not_undo_it(
    octoprint: OctoPrint, settings: Save, open_page: Open, tmp_path: Path
) -> None:
    settings(script_folder=str(tmp_path / "scripts"))
    eventually(lambda: octoprint.get(PATH)["script_folder"]["missing"], "the folder to be missed")
    page = open_page()
    open_settings(page, "Scripts")
    create = page.get_by_role("button", name="Create folder")
    expect(create).to_be_visible()
    held: list[Route] = []
    page.route(f"**{PATH}", lambda route: held.append(route) if route.request.method == "GET" else route.continue_())
    page.evaluate("() => void ko.dataFor(document.querySelector('#settings_plugin_temp_eta')).look()")
    eventually(lambda: page.wait_for_timeout(50) or held, "the page's request")
    older = held[0].fetch()
    assert older.json()["script_folder"]["missing"]
    create.click()
    expect(create).to_be_hidden()
    eventually(lambda: page.wait_for_timeout(50) or len(held) == 2, "the request after the folder was created")
    held[0].fulfill(response=older)
    page.wait_for_function("() => $.active === 1")
    expect(create).to_be_hidden()
    held[1].fulfill(response=held[1].fetch())
    page.wait_for_function("() => $.active === 0")
    expect(create).to_be_hidden()


def test_a_folder_that_cannot_be_read_is_shown_with_the_reason(settings: Save, open_page: Open, tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    settings(script_folder=str(circle))
    page = open_page()
    open_settings(page, "Scripts")
    error = page.locator("#settings_plugin_temp_eta [role=alert]", has_text="The script folder cannot be read")
    expect(error).to_contain_text("symbolic links")
    expect(page.get_by_text("There are no scripts yet")).to_be_hidden()
    circle.unlink()
    circle.mkdir()
    expect(error).to_be_hidden()
