"""The settings dialog in a real Chromium: what it saves, refuses, keeps secret and shows, in two languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from octoprint_temp_eta.settings import table
from tests.conftest import INSTANCE
from tests.support import browser as browsers
from tests.support import sentences, translations
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint
from tests.support.octoprint_page import LEVELS, Open, Save, field, heater, open_settings, save, saved, state
from tests.support.page_messages import DARK
from tests.support.scripts import add_script
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(browsers.program() is None, reason=browsers.NO_BROWSER)

SECRET = "hunter2-and-more"


def test_the_dialog_opens_at_the_connection(open_page: Open) -> None:
    page = open_page()
    page.locator("#navbar_show_settings").click()
    page.locator("#settings_plugin_temp_eta_link a").click()
    shown = page.locator("#settings_plugin_temp_eta form:visible")
    expect(shown).to_have_count(1)
    expect(shown).to_have_attribute("data-group", "Connection")


def test_the_dialog_saves(open_page: Open, octoprint: OctoPrint, settings: Save) -> None:
    page = open_page()
    dialog = open_settings(page, "Cool-down")
    field(page, "cooldown_target_bed").fill("35.5")
    field(page, "cooldown_mode").select_option("ambient")
    field(page, "cooldown_ambient_temp").fill("")
    field(page, "enable_cooldown_eta").uncheck()
    save(page)
    expect(dialog).to_be_hidden()
    assert saved(octoprint, "cooldown_target_bed") == 35.5
    assert saved(octoprint, "cooldown_mode") == "ambient"
    assert saved(octoprint, "cooldown_ambient_temp") is None
    assert saved(octoprint, "enable_cooldown_eta") is False


def test_the_dialog_shows_what_is_invalid_and_why(open_page: Open, octoprint: OctoPrint, settings: Save) -> None:
    page = open_page()
    dialog = open_settings(page, "Connection")
    port = saved(octoprint, "mqtt_broker_port")
    field(page, "mqtt_broker_port").fill("70000")
    field(page, "mqtt_keepalive").fill("77")
    page.locator("#settings_plugin_temp_eta a[href='#temp_eta_group_3']").click()
    save(page)

    rule = page.locator("#temp_eta_setting_mqtt_broker_port_rule")
    expect(rule).to_be_visible()
    expect(rule).to_have_text(re.compile(r"Enter a whole number from 1 to 65535"))
    expect(page.locator("#settings_plugin_temp_eta .alert[role=alert]:visible")).to_contain_text(
        "Not saved: fix the highlighted setting"
    )
    expect(field(page, "mqtt_broker_port")).to_be_focused()
    expect(dialog).to_be_visible()
    expect(page.locator("#settings_dialog_update_detected")).to_be_hidden()
    assert saved(octoprint, "mqtt_broker_port") == port
    assert saved(octoprint, "mqtt_keepalive") == 30

    # it can be corrected even where it has no effect
    field(page, "mqtt_enabled").uncheck()
    field(page, "mqtt_broker_port").blur()
    save(page)
    expect(field(page, "mqtt_broker_port")).to_be_focused()
    field(page, "mqtt_broker_port").fill(str(port))
    field(page, "mqtt_enabled").check()
    host = saved(octoprint, "mqtt_broker_host")
    field(page, "mqtt_broker_host").fill("mqtt://pi:secret@broker.test")
    field(page, "mqtt_broker_host").blur()
    save(page)
    expect(page.locator("#temp_eta_setting_mqtt_broker_host_rule")).to_contain_text("must have no password")
    field(page, "mqtt_broker_host").fill(host)
    save(page)
    expect(dialog).to_be_hidden()
    assert saved(octoprint, "mqtt_keepalive") == 77


def test_a_password_goes_in_and_never_comes_out(open_page: Open, octoprint: OctoPrint, settings: Save) -> None:
    page = open_page()
    dialog = open_settings(page, "Connection")
    field(page, "mqtt_username").fill("printer")
    field(page, "mqtt_password").fill(SECRET)
    save(page)
    expect(dialog).to_be_hidden()
    kept = octoprint.config()["plugins"]["temp_eta"]
    assert kept["mqtt_password"] == SECRET

    dialog = open_settings(page, "Connection")
    expect(field(page, "mqtt_password")).to_have_value("")
    field(page, "mqtt_password").fill("x")
    field(page, "mqtt_password").fill("")
    field(page, "mqtt_keepalive").fill("44")
    save(page)
    expect(dialog).to_be_hidden()
    assert octoprint.config()["plugins"]["temp_eta"]["mqtt_password"] == SECRET

    page.reload()
    expect(heater(page, "bed")).to_be_visible()
    seen = page.content() + json.dumps([octoprint.get("/api/settings"), octoprint.get("/api/plugin/temp_eta")])
    assert SECRET not in seen + octoprint.log()


def test_the_dialog_shows_the_connection_and_why_there_is_none(open_page: Open, broker: Broker) -> None:
    page = open_page()
    open_settings(page, "Connection")
    status = page.locator("#settings_plugin_temp_eta form[data-group=Connection] .alert")
    expect(status).to_contain_text(f"Connected to 127.0.0.1:{broker.port} with MQTT")
    expect(status).to_contain_text(f"octoprint/temp_eta/{INSTANCE}")
    broker.stop()
    expect(status).to_contain_text("Not connected to the broker.")
    expect(status).to_contain_text(f"TCP: 127.0.0.1:{broker.port} refuses the connection: is the broker running?")
    broker.start()
    expect(status).to_contain_text("Connected to")


def test_the_connection_test_shows_its_steps(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    open_settings(page, "Connection")
    button = page.locator(".temp-eta-test button")
    steps = page.locator(".temp-eta-test li")
    button.click()
    expect(page.locator(".temp-eta-test li[data-step='Read back'][data-status=ok]")).to_be_visible()
    expect(page.locator(".temp-eta-test li[data-step='TLS'][data-status=skipped]")).to_be_visible()
    indents = steps.locator("i").evaluate_all("icons => icons.map(icon => getComputedStyle(icon).textIndent)")
    assert set(indents) == {"0px"}, "an icon that inherits the indent of its line is not visible"
    expect(button).to_be_enabled()

    field(page, "mqtt_broker_host").fill("no-such-broker.invalid")
    button.click()
    expect(steps.first).to_contain_text("Name look-up: 'no-such-broker.invalid' is not known")
    expect(button).to_be_enabled()
    assert saved(octoprint, "mqtt_broker_host") == "127.0.0.1"

    field(page, "mqtt_broker_port").fill("0")
    button.click()
    expect(page.locator("#temp_eta_setting_mqtt_broker_port_rule")).to_be_visible()


def test_every_setting_has_a_field_with_its_bounds_and_a_label(open_page: Open) -> None:
    page = open_page()
    open_settings(page)
    for row, rule in table.rows():
        entry = field(page, row.name)
        expect(entry).to_have_count(1)
        expect(page.locator(f"label[for=temp_eta_setting_{row.name}]")).to_have_text(rule.label)
        expect(page.locator(f"#temp_eta_setting_{row.name}_help")).to_have_text(rule.help.replace("`", ""))
        if rule.low is not None and not rule.choices:
            assert float(entry.get_attribute("min") or "nan") == rule.low
            assert float(entry.get_attribute("max") or "nan") == rule.high


def test_the_pages_speak_german(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page("de")
    octoprint.gcode("M140 S110")  # a page on a busy machine still sees it heat
    expect(state(page)).to_have_text("Heizt")
    expect(heater(page, "bed")).to_contain_text(re.compile(r"Bereit um \d\d:\d\d"))
    open_settings(page, "Connection")
    german = {each.id: each.string for each in translations.known("de") if each.id}
    for row, rule in table.rows():
        expect(page.locator(f"label[for=temp_eta_setting_{row.name}]")).to_have_text(german[rule.label])
        assert german[rule.help] != rule.help
        expect(page.locator(f"#temp_eta_setting_{row.name}_help")).to_have_text(german[rule.help].replace("`", ""))
    refused = "TCP: broker.test:1883 refuses the connection: is the broker running?"
    assert page.evaluate("text => TempETA.translated(text)", refused) == (
        "TCP: broker.test:1883 lehnt die Verbindung ab: Läuft der Broker?"
    )
    field(page, "mqtt_broker_port").fill("0")
    save(page)
    expect(page.locator("#temp_eta_setting_mqtt_broker_port_rule")).to_have_text(
        re.compile("Eine ganze Zahl von 1 bis 65535 eingeben")
    )


def test_the_pages_translate_every_sentence_of_the_server(open_page: Open) -> None:
    def filled(text: str, key: str) -> str:
        values = {name: f"x{number}" for number, name in enumerate(sentences.VALUE.findall(key))}
        return sentences.VALUE.sub(lambda found: values[found[0]], text)

    page = open_page("de")
    german = {each.id: str(each.string) for each in translations.known("de") if each.id}
    keys = sentences.sentences()
    shown = page.evaluate("texts => texts.map(TempETA.translated)", [f"{filled(key, key)}." for key in keys])
    assert shown == [f"{filled(german[key], key)}." for key in keys]

    messages = {
        "CONNACK: a.b:1883 refuses the connection: not authorized. Check username, password, and the user's access "
        "rules (ACL).": "CONNACK: a.b:1883 lehnt die Verbindung ab: nicht berechtigt. Benutzername, Passwort und die "
        "Zugriffsrechte des Benutzers (ACL) prüfen.",
        "times must be a whole number.": "times muss eine ganze Zahl sein.",
        "The setting mqtt_broker_port: must be from 1 to 65535": "Die Einstellung mqtt_broker_port: muss zwischen 1 "
        "und 65535 liegen",
        "ValueError: too cold": "ValueError: too cold",
    }
    assert page.evaluate("texts => texts.map(TempETA.translated)", list(messages)) == list(messages.values())


@pytest.mark.slow
def test_the_bounds_of_a_number_are_level_with_its_field(open_page: Open) -> None:
    page = open_page()
    open_settings(page, "Connection")
    offsets = page.locator("#settings_plugin_temp_eta .temp-eta-bounds:visible").evaluate_all(
        """bounds => bounds.map(each => {
            const [text, field] = [each, each.parentElement.querySelector("input")].map(e => e.getBoundingClientRect());
            return Math.abs(text.top + text.bottom - field.top - field.bottom) / 2;
        })"""
    )
    assert len(offsets) > 1
    assert max(offsets) <= 1


@pytest.mark.slow
def test_a_setting_without_effect_is_disabled_and_shows_why(open_page: Open) -> None:
    page = open_page()
    open_settings(page, "Connection")
    why = page.locator("#temp_eta_setting_mqtt_tls_insecure_why")
    expect(field(page, "mqtt_tls_insecure")).to_be_disabled()
    expect(why).to_have_text("Has no effect: “Use TLS” is off.")
    field(page, "mqtt_use_tls").check()
    expect(field(page, "mqtt_tls_insecure")).to_be_enabled()
    expect(why).to_be_hidden()
    field(page, "mqtt_use_tls").uncheck()
    field(page, "mqtt_broker_host").fill("mqtts://broker.test:8883")
    field(page, "mqtt_broker_host").blur()
    expect(field(page, "mqtt_tls_insecure")).to_be_enabled()
    expect(field(page, "mqtt_websocket_path")).to_be_enabled()


@pytest.mark.slow
def test_defaults_are_restored_only_when_saved(open_page: Open, octoprint: OctoPrint, settings: Save) -> None:
    settings(update_interval=2, show_progress_bars=False)
    page = open_page()
    dialog = open_settings(page, "Display")
    form = page.locator("#settings_plugin_temp_eta form[data-group=Display]")
    form.get_by_role("button", name="Restore defaults").click()
    expect(field(page, "update_interval")).to_have_value("1")
    assert saved(octoprint, "update_interval") == 2
    save(page)
    expect(dialog).to_be_hidden()
    assert (saved(octoprint, "update_interval"), saved(octoprint, "show_progress_bars")) == (1, True)


@pytest.mark.slow
def test_the_volume_is_a_slider_with_its_value(open_page: Open, octoprint: OctoPrint, settings: Save) -> None:
    settings(sound_enabled=True)
    page = open_page()
    dialog = open_settings(page, "Sounds and notifications")
    volume = field(page, "sound_volume")
    volume.fill("0.75")
    expect(page.locator("output[for=temp_eta_setting_sound_volume]")).to_have_text("75 %")
    save(page)
    expect(dialog).to_be_hidden()
    assert saved(octoprint, "sound_volume") == 0.75


@pytest.mark.slow
def test_the_printer_is_removed_from_home_assistant(open_page: Open, octoprint: OctoPrint, settings: Save) -> None:
    page = open_page()
    open_settings(page, "Home Assistant")
    form = page.locator("#settings_plugin_temp_eta form[data-group='Home Assistant']")
    form.get_by_role("button", name="Remove from Home Assistant").click()
    expect(form).to_contain_text("The printer is removed from Home Assistant.")
    expect(field(page, "ha_discovery_enabled")).not_to_be_checked()
    assert saved(octoprint, "ha_discovery_enabled") is False


@pytest.mark.slow
def test_leftovers_of_other_plugins_are_found_and_removed(open_page: Open, broker: Broker) -> None:
    topic = f"octoprint/temp_eta/{INSTANCE}/bed/state_change"
    left = {"heater": "bed", "state": "at_target", "previous_state": "heating"}
    with Observer(broker.listener, filters=("test/#",)) as observer:
        observer.publish(topic, json.dumps({**left, "timestamp": 1.0, "actual": 60.0, "target": 60.0}), retain=True)
    page = open_page()
    open_settings(page, "Home Assistant")
    found = page.locator(".temp-eta-leftovers")
    found.get_by_role("button", name="Find leftovers of other plugins").click()
    expect(found).to_contain_text("TempETA: 1 found")
    expect(found).to_contain_text(topic)
    found.get_by_role("button", name="Remove them").click()
    expect(found).to_contain_text("TempETA: 1 removed")


@pytest.mark.slow
def test_the_settings_of_octoprint_mqtt_become_ours(open_page: Open) -> None:
    taken = open_page().evaluate(
        """() => TempETA.fromMqttPlugin({
            url: "broker.test", port: 8883, username: "me", password: "secret", keepalive: 30,
            tls: {ca_certs: "/ca.pem"}, tls_insecure: true
        })"""
    )
    assert table.parse(taken)
    assert {key: taken[key] for key in ("mqtt_broker_host", "mqtt_broker_port", "mqtt_password", "mqtt_use_tls")} == {
        "mqtt_broker_host": "broker.test",
        "mqtt_broker_port": 8883,
        "mqtt_password": "secret",
        "mqtt_use_tls": True,
    }
    assert taken["mqtt_tls_insecure"] is True
    assert taken["mqtt_tls_ca_file"] == "/ca.pem"


@pytest.mark.slow
def test_the_dialog_lists_topics_with_their_current_values_to_copy(open_page: Open, octoprint: OctoPrint) -> None:
    page = open_page()
    open_settings(page, "Connection")
    topics = page.locator(".temp-eta-topics")
    topics.locator("summary").click()
    for topic in ("status", "printer", "bed/eta", "command/#"):
        expect(topics.locator("li code", has_text=f"octoprint/temp_eta/{INSTANCE}/{topic}")).to_be_visible()
        expect(topics.get_by_role("button", name=f"Copy: octoprint/temp_eta/{INSTANCE}/{topic}")).to_be_visible()
    bed = topics.locator("li", has_text="bed/eta")
    expect(bed).to_contain_text("off")
    octoprint.gcode("M140 S110")
    expect(bed).to_contain_text("heating")
    copied = "() => { window.copied = []; window.copyToClipboard = (text) => window.copied.push(text); }"
    page.evaluate(copied)
    bed.get_by_role("button").click()
    assert page.evaluate("window.copied") == [f"octoprint/temp_eta/{INSTANCE}/bed/eta"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("theme", ["/* OctoPrint's own theme */", DARK], ids=["light", "dark"])
def test_everybody_can_read_and_use_the_settings(
    open_page: Open, octoprint: OctoPrint, settings: Save, tmp_path: Path, theme: str
) -> None:
    add_script(tmp_path, "waits", "pass", more="__script_settings__ = {'times': 2}")
    settings(script_folder=str(tmp_path))
    eventually(lambda: octoprint.get("/api/plugin/temp_eta")["scripts"], "the script to be found")
    page = open_page()
    page.add_style_tag(content=theme)
    open_settings(page, "Connection")
    for link in page.locator("#settings_plugin_temp_eta .nav-pills a[href*='#temp_eta_group']").all():
        link.click()
        found = Axe().run(page, context="#settings_plugin_temp_eta", options=LEVELS)
        assert found.violations_count == 0, found.generate_report()
