"""Identifiers of the machine and of this start."""

from __future__ import annotations

import re
import socket
import uuid

import pytest

from octoprint_temp_eta.adapters.installation import machine
from octoprint_temp_eta.messages.contract.catalogue import MESSAGES


def test_the_hash_stays_and_does_not_contain_the_id():
    assert machine.machine_hash() == machine.machine_hash()
    assert re.fullmatch(r"[0-9a-f]{16}", machine.machine_hash())


def test_a_clone_with_another_network_card_has_another_hash(monkeypatch: pytest.MonkeyPatch):
    before = machine.machine_hash()
    monkeypatch.setattr(uuid, "getnode", lambda: 7)
    assert machine.machine_hash() != before


def test_two_starts_have_two_short_ids():
    assert machine.new_boot_id() != machine.new_boot_id()
    assert re.fullmatch(r"[0-9a-f]{8}", machine.new_boot_id())
    MESSAGES["probe"].validate(machine.new_boot_id())  # it is published as such, too


@pytest.mark.parametrize(
    ("name", "host", "form"),
    [
        ("Ender 3!", "octopi", r"ender[_-]3-[0-9a-f]{4}"),
        ("", "OctoPi", r"octopi-[0-9a-f]{4}"),
        ("打印机", "", r"localhost-[0-9a-f]{4}"),
    ],
)
def test_an_instance_is_named_after_the_printer_or_the_host(
    monkeypatch: pytest.MonkeyPatch, name: str, host: str, form: str
):
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    assert re.fullmatch(form, machine.new_instance(name)), machine.new_instance(name)
