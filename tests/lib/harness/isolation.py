"""Containers in virtual machines: an image of the runtime under test, and a node's policy that has machines interpreted by QEMU."""

import pathlib

import pytest

from harness import machine
from harness.policy import annotate, node, rule  # noqa: F401


@pytest.fixture(scope="session")
def machine_image(runtime_path, session_dir):
    folder = session_dir / "machine-image"
    return folder, machine.build_image(runtime_path, folder)


@pytest.fixture
def machines(node, machine_image, runtime_path):  # noqa: F811
    """The members of the node's policy, to be written again with others: machines.write(**members)."""
    image, tools = machine_image

    class Machines:
        members = {
            "accelerator": rule("tcg"),
            "image": rule(str(image)),
            "monitor": rule(str(pathlib.Path(runtime_path).with_name("redoubt-vm"))),
            "virtiofsd": rule(str(tools / "virtiofsd")),
        }

        def write(self, **members):
            node(vm={**self.members, **members})

    made = Machines()
    made.write()
    return made


def in_machine(bundle, **annotations):
    """The bundle, to run in a machine."""
    return annotate(bundle, isolation="vm", **annotations)
