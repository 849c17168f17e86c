"""docs/machine-differences.md: made from what was seen of all scenarios, and read again by the test."""

import re

from harness.paths import REPO
from machine_rules import COMMON, DIFFERENT, differences

TABLE = REPO / "docs/machine-differences.md"
# They end before there would be a container, by what they are.
NO_CONTAINER = ("verbs-unknown-container", "verbs-usage", "verbs-bad-ids", "verbs-spec-twice")


def makes_container(name):
    return not name.startswith("bad-") and name not in NO_CONTAINER


def result(native, machine):
    """The table's word: "equal", or where the difference is."""
    found = sorted({key.partition(".")[2] for key in differences(native, machine)})
    return f"different: {', '.join(found)}" if found else "equal"


def share(results):
    equal = sum(one == "equal" for one in results)
    return f"{equal} of {len(results)} ({100 * equal // len(results)} %)"


def markdown(results):
    """The document, of {scenario: result}."""
    containers = [one for name, one in results.items() if makes_container(name)]
    refusals = [one for name, one in results.items() if not makes_container(name)]
    lines = [
        "# A container in a machine, and the same on the host's kernel",
        "",
        "Made by `tests/conformance/machine_differences --markdown docs/machine-differences.md`: every scenario of tests/conformance is run twice by the",
        "same redoubt on the same bundle, byte for byte: natively, and under a node's policy that demands `isolation: vm`. Compared are exit codes, output, the",
        "class of every error message, state documents, and the report that the container writes about itself (tests/conformance/observation.py).",
        "",
        f"- scenarios that make a container: {share(containers)} are equal",
        f"- refusals and calls without a container: {share(refusals)} are equal",
        "",
        "A machine that QEMU interprets takes ten seconds to start, so most scenarios are containers of one pod, in one machine (docs/adr/0008), as CRI would make",
        "them; those that list or name all containers, or change the network that a pod shares, have a machine of their own (`ALONE` in machine_side.py). The whole",
        "table takes a quarter of an hour and is made by hand when machines or scenarios change. `tests/run conformance` runs the spread that",
        "tests/conformance/machine_test.py names, each in a machine of its own, and fails when one of them has not the result below, or when",
        "a scenario has no row here.",
        "",
        "## What every machine shows",
        "Taken out of both sides before they are compared:",
        "",
        "| id | difference | reason |",
        "|---|---|---|",
        *[f"| `{name}` | {what} | {why} |" for name, (_, _, what, why) in COMMON.items()],
        "",
        "What a machine refuses by name is in DIFFERENCES of redoubt-vm(8).",
        "",
        "## The scenarios",
        "",
        "| scenario | result | reason |",
        "|---|---|---|",
        *[f"| {name} | {one} | {DIFFERENT.get(name, '') if one != 'equal' else ''} |" for name, one in results.items()],
        "",
    ]
    return "\n".join(lines)


def recorded():
    """{scenario: (result, reason)} as the document has it."""
    rows = re.findall(r"^\| ([\w.-]+) \| (equal|different: [\w, ]+) \| (.*?) ?\|$", TABLE.read_text(), re.MULTILINE)
    return {name: (one, reason) for name, one, reason in rows}
