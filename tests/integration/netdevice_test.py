"""netDevices: host interfaces that move into the container's network namespace."""

import os
import subprocess

import pytest

from harness import host


@pytest.fixture
def dummy(runtime):
    """A dummy (or veth) interface on the host."""
    runtime.requires("1.4")
    name = "rt" + os.urandom(3).hex()
    made = host.run("ip", "link", "add", name, "type", "dummy")
    if made.returncode != 0:
        made = host.run("ip", "link", "add", name, "type", "veth", "peer", "name", name + "p")
    if made.returncode != 0:
        pytest.skip(f"lacks dummy and veth interfaces: {made.stderr}")
    yield name
    for left in (name, name + "p"):
        subprocess.run(["ip", "link", "del", left], capture_output=True)


def test_moved(runtime, bundle, dummy):
    bundle.linux["netDevices"] = {dummy: {}}
    out = runtime.output(bundle.sh(f"ip link show {dummy}"))
    assert dummy in out
    assert host.run("ip", "link", "show", dummy).returncode != 0 or "veth" in out


def test_renamed_with_its_address(runtime, bundle, dummy):
    host.run("ip", "addr", "add", "10.99.7.1/24", "dev", dummy)
    host.run("ip", "link", "set", dummy, "up")
    bundle.linux["netDevices"] = {dummy: {"name": "inside0"}}
    out = runtime.output(bundle.sh("ip addr show inside0"))
    assert "10.99.7.1/24" in out and "UP" in out


def test_absent(runtime, bundle):
    runtime.requires("1.4")
    bundle.linux["netDevices"] = {"nosuchdev0": {}}
    runtime.refused(bundle.sleep(), match="nosuchdev0")


def test_without_network_namespace(runtime, bundle, dummy):
    bundle.without_namespace("network").linux["netDevices"] = {dummy: {}}
    runtime.refused(bundle.sleep())
    assert host.run("ip", "link", "show", dummy).returncode == 0


def test_empty_name_is_the_same_name(runtime, bundle, dummy):
    bundle.linux["netDevices"] = {dummy: {"name": ""}}
    assert dummy in runtime.output(bundle.sh(f"ip link show {dummy}"))


@pytest.mark.parametrize("name", ["a/b", "x" * 16, ".", "..", "a b"])
def test_bad_name(runtime, bundle, dummy, name):
    bundle.linux["netDevices"] = {dummy: {"name": name}}
    runtime.refused(bundle.sleep())
    assert host.run("ip", "link", "show", dummy).returncode == 0
