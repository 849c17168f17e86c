"""A pytest plugin: one line a test on the file descriptor in VM_LINES_FD, as soon as it is done, in the words of the VM tier.

Of the suite it keeps the tests marked vm and those of the files named in VM_FILES, e.g. "cgroup_test pause_test".
"""

import os

OUT = os.fdopen(int(os.environ["VM_LINES_FD"]), "w", buffering=1)
os.set_inheritable(OUT.fileno(), False)


def name_of(report):
    return report.nodeid.removeprefix("tests/").replace("::", ": ")


def one_line(text):
    return " | ".join(text.split("\n"))[-400:]


def pytest_collection_modifyitems(config, items):
    files = os.environ.get("VM_FILES", "").split()
    keep = [item for item in items if item.get_closest_marker("vm") or item.path.stem in files]
    config.hook.pytest_deselected(items=[item for item in items if item not in keep])
    items[:] = keep


def pytest_runtest_logreport(report):
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        print(f"FAIL {name_of(report)}: {report.when}: {one_line(crash.message if crash else str(report.longrepr))}", file=OUT)
    elif report.skipped:
        why = getattr(report, "wasxfail", None) or report.longrepr[-1].removeprefix("Skipped: ")
        print(f"SKIP {name_of(report)}: {one_line(why)}", file=OUT)
    elif report.when == "call":
        print(f"PASS {name_of(report)}", file=OUT)


def pytest_collectreport(report):
    if report.failed:
        print(f"FAIL {name_of(report)}: does not load: {one_line(str(report.longrepr))}", file=OUT)
