"""Options, marks and fixtures for pytest, taken over by the conftest.py of each suite."""

import hashlib
import os
import pathlib
import shutil
import tempfile

import pytest

from harness import host, leaks
from harness.bundle import Bundle, make_template, spec_of
from harness.paths import DEFAULT_RUNTIME
from harness.runtime import Runtime, identify

MUST_RUN = os.environ.get("REDOUBT_TESTS_MUST_RUN") == "1"


def pytest_addoption(parser):
    parser.addoption("--redoubt", default=str(DEFAULT_RUNTIME), help="the runtime under test")
    parser.addoption("--shard", default="1/1", help="run part I of N (I/N), to use more than one core")


def pytest_configure(config):
    config.addinivalue_line("markers", "native: runs on the build host only (speed, scale, hybrid cgroups)")
    config.addinivalue_line("markers", "vm: needs cgroup v2 controllers or an LSM; deselected where they are missing")
    config.addinivalue_line("markers", "slow: takes more than five seconds")
    host.become_subreaper()
    if os.geteuid() != 0:
        pytest.exit("the integration tests need root", returncode=2)


def pytest_collection_modifyitems(config, items):
    part, parts = (int(number) for number in config.getoption("--shard").split("/"))
    pure_v2 = host.controllers() >= {"memory", "pids", "cpu"}
    keep, drop = [], []
    for item in items:
        mine = int(hashlib.md5(item.nodeid.encode()).hexdigest(), 16) % parts == part - 1
        runnable = pure_v2 or item.get_closest_marker("vm") is None
        (keep if mine and runnable else drop).append(item)
    if drop:
        config.hook.pytest_deselected(items=drop)
        items[:] = keep


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    setattr(item, "report_" + report.when, report)
    # In CI a skip is a failure, unless it is the *peer* (an old runc under test) that lacks the feature.
    if MUST_RUN and report.skipped and not hasattr(report, "wasxfail") and "peer:" not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped although REDOUBT_TESTS_MUST_RUN=1: {report.longrepr}"


@pytest.fixture(scope="session")
def session_dir():
    path = pathlib.Path(tempfile.mkdtemp(prefix="redoubt-tests-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def template(session_dir):
    return make_template(session_dir / "template")


@pytest.fixture(scope="session")
def runtime_path(request):
    path = os.path.abspath(request.config.getoption("--redoubt"))
    assert os.access(path, os.X_OK), f"no runtime at {path}; build it or give --redoubt PATH"
    return path


@pytest.fixture(scope="session")
def runtime_identity(runtime_path):
    kind, version = identify(runtime_path)
    assert kind in ("redoubt", "runc", "crun"), f"{runtime_path} does not say what it is: {kind}"
    return kind, version


@pytest.fixture(scope="session")
def base_config(runtime_path, session_dir):
    return spec_of(runtime_path, session_dir)


@pytest.fixture
def work(session_dir, request):
    path = pathlib.Path(tempfile.mkdtemp(prefix="t", dir=session_dir))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def runtime(rootful):
    """The runtime under test. A suite with other modes overrides it."""
    return rootful


@pytest.fixture
def rootful(runtime_path, runtime_identity, work, request):
    """The runtime under test, as root; at the end every container is deleted by force, and a leak fails the test."""
    rt = Runtime(runtime_path, work, *runtime_identity)
    yield rt
    left = rt.cleanup()
    report = getattr(request.node, "report_call", None)
    if left and (report is None or report.passed):
        pytest.fail("left behind: " + "\n".join(left))


@pytest.fixture
def make_bundle(template, base_config, work):
    """make_bundle() makes one more bundle."""
    count = iter(range(1000))

    def make():
        return Bundle(work / f"bundle{next(count)}", template, base_config)

    return make


@pytest.fixture
def bundle(make_bundle):
    return make_bundle()


@pytest.fixture
def sleeper(runtime, bundle):
    """A running container that only sleeps."""
    return runtime.detached(bundle.sleep())


__all__ = [name for name in dir() if not name.startswith("_") and name not in ("leaks",)]
