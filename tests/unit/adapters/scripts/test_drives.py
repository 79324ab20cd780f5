"""Paths that may hang are told from others without touching them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from octoprint_temp_eta.adapters.scripts import drives
from octoprint_temp_eta.adapters.scripts.drives import Drives

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
30 27 8:1 / /mnt/stick rw,relatime - vfat /dev/sda1 rw
31 27 0:45 / /mnt/far rw,nosuid,nodev,relatime shared:9 master:3 - fuse.sshfs pi@host:/scripts rw,user_id=0
32 27 0:46 / /mnt/my\\040share rw - nfs4 nas:/export rw
33 27 8:2 / /mnt/ntfs rw - fuseblk /dev/sdb1 rw
34 27 0:50 / /mnt/auto rw - autofs systemd-1 rw
35 27 0:51 / /run rw - tmpfs tmpfs rw
36 27 0:52 / /mnt/program rw - fuse /dev/fuse rw
37 27 0:53 / /mnt/other rw - fuse.other /dev/fuse rw
38 27 43:0 / /mnt/block rw - ext4 /dev/nbd0 rw
39 27 0:54 / /mnt/a\u2028b\rc rw - nfs4 nas:/export rw
a line of another form
40 27 0:55 / /mnt/none rw - nfs4
41 27 0:56 / /mnt/last rw - nfs4 nas:/last rw
"""


@pytest.mark.parametrize(
    ("path", "answers"),
    [
        ("/home/pi/.mecodescripts", True),
        ("/mnt/stick/scripts", True),
        ("/mnt/ntfs", True),
        ("/run/scripts", True),
        ("/mnt/far", False),
        ("/mnt/far/scripts", False),
        ("/mnt/farther", True),
        ("/mnt/my share/scripts", False),
        ("/mnt/stick/../far/scripts", False),
        ("/mnt/auto/nas", False),
        ("/mnt/program/scripts", False),
        ("/mnt/other/scripts", False),
        ("/mnt/block/scripts", False),
        ("/mnt/a\u2028b\rc/scripts", False),
        ("/mnt/none", True),
        ("/mnt/last", False),
    ],
)
def test_a_network_drive_may_hang_and_a_local_one_not(path: str, *, answers: bool) -> None:
    assert Drives(MOUNTS).answers(path) is answers


def test_a_name_with_what_ends_lines_elsewhere_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drives, "MOUNTS", tmp_path / "mountinfo")
    drives.MOUNTS.write_bytes(MOUNTS.encode())
    assert not Drives().answers("/mnt/a\u2028b\rc")


def test_the_drive_of_the_system_counts_as_local_though_it_is_on_the_network() -> None:
    assert Drives("27 1 0:46 / / rw - nfs nas:/root rw\n").answers("/home/pi")


def test_links_are_followed_up_to_the_other_drive(tmp_path: Path) -> None:
    far = tmp_path / "far"
    known = Drives(f"31 27 0:45 / {far} rw - nfs nas:/x rw\n")
    (tmp_path / "relative").symlink_to("far/scripts")
    (tmp_path / "absolute").symlink_to(tmp_path / "relative" / "more")
    (tmp_path / "other").symlink_to("sub/../else")
    assert not known.answers(str(tmp_path / "relative"))
    assert not known.answers(str(tmp_path / "absolute" / "file.py"))
    assert known.answers(str(tmp_path / "other" / "file.py"))


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    assert Drives("").answers(str(tmp_path / "circle" / "file.py"))


def test_this_machine_has_local_drives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Drives().answers(os.path.realpath(tmp_path))
    monkeypatch.setattr(drives, "MOUNTS", tmp_path / "not Linux")
    assert Drives().answers("/mnt/far")
