"""Containers in virtual machines: an image of the runtime under test, and a node's policy that has machines interpreted by QEMU."""

import hashlib
import json
import pathlib

import pytest

from harness import fake_guest, machine
from harness.policy import annotate, node, rule  # noqa: F401


@pytest.fixture(scope="session")
def machine_image(runtime_path, session_dir):
    folder = session_dir / "machine-image"
    return folder, machine.build_image(runtime_path, folder)


def machine_programs(runtime_path, image, tools):
    """The section vm of a node's policy."""
    return {
        "accelerator": rule("tcg"),
        "image": rule(str(image)),
        "monitor": rule(str(pathlib.Path(runtime_path).with_name("redoubt-vm"))),
        "virtiofsd": rule(str(tools / "virtiofsd")),
    }


@pytest.fixture
def machines(node, machine_image, runtime_path):  # noqa: F811
    """The members of the node's policy, to be written again with others: machines.write(**members)."""

    class Machines:
        members = machine_programs(runtime_path, *machine_image)

        def write(self, **members):
            node(vm={**self.members, **members})

    made = Machines()
    made.write()
    return made


def in_machine(bundle, **annotations):
    """The bundle, to run in a machine."""
    return annotate(bundle, isolation="vm", **annotations)


@pytest.fixture
def guests(node, tmp_path, runtime_path):  # noqa: F811
    """guests.write(case): machines whose VMM is the program of harness/fake_guest.py, with an image and a server of files that nothing reads."""

    class Guests:
        image = tmp_path / "image"

        def make_image(self):
            self.image.mkdir()
            digests = {}
            for name in ("vmlinux", "initrd"):
                (self.image / name).write_text(name)
                digests[name] = hashlib.sha256(name.encode()).hexdigest()
            (self.image / "image.json").write_text(json.dumps({"sha256": digests}))
            (tmp_path / "virtiofsd").write_text('#!/usr/bin/sh\n[ "$1" = --version ] && exec echo none\nexec sleep 100000\n')
            (tmp_path / "virtiofsd").chmod(0o755)

        def write(self, case, **members):
            fake_guest.write_guest(tmp_path / "vmm", case)
            programs = {"vmm": rule(str(tmp_path / "vmm")), "virtiofsd": rule(str(tmp_path / "virtiofsd")),
                        "monitor": rule(str(pathlib.Path(runtime_path).with_name("redoubt-vm")))}
            node(vm={"accelerator": rule("tcg"), "image": rule(str(self.image)), **programs, **members})

    made = Guests()
    made.make_image()
    return made
