"""Scenarios in a machine: a spread of them has the result that docs/machine-differences.md names, and the document names all.

The whole table is made by tests/conformance/machine_differences; here each costs the start of a machine.
"""

import pytest

from harness.isolation import machine_image  # noqa: F401
from machine_rules import DIFFERENT
from machine_side import Sides
from machine_table import TABLE, makes_container, markdown, recorded, result
from scenarios import SCENARIOS

pytestmark = pytest.mark.slow
# Of each way by which the guest comes to know what config.json says, one that has been or could be different.
SPREAD = ("default", "rlimit-AS", "hostname-none", "host-network", "userns", "root-writable", "bind-host-dev-null", "verbs-exec")


@pytest.fixture
def sides(runtime_path, runtime_identity, machine_image, work, template, base_config):  # noqa: F811
    if runtime_identity[0] != "redoubt":
        pytest.skip(f"peer: {runtime_identity[0]} has no isolation: vm")
    return Sides(runtime_path, *machine_image, work, template, base_config)


@pytest.mark.parametrize("name", SPREAD)
def test_result_is_that_of_the_table(name, sides):
    native, machine, left = sides.observe(next(scenario for scenario in SCENARIOS if scenario[0] == name))
    assert not left, left
    assert result(native, machine) == recorded()[name][0], "make the table anew: tests/conformance/machine_differences"


def test_every_scenario_has_a_row_and_every_difference_a_reason():
    rows = recorded()
    assert list(rows) == [name for name, _, _ in SCENARIOS]
    assert {name: reason for name, (one, reason) in rows.items() if one != "equal"} == DIFFERENT
    assert TABLE.read_text() == markdown({name: one for name, (one, _) in rows.items()}), "figures and rules are those of the rows"


def test_machines_are_nearly_always_equal():
    results = [one for name, (one, _) in recorded().items() if makes_container(name)]
    assert len(results) >= 120 and results.count("equal") >= 0.95 * len(results)
