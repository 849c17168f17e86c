"""The differential tests: the same scenario by a real peer and by the runtime under test."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from harness import fixtures  # noqa: E402
from harness.fixtures import *  # noqa: E402,F401,F403


def pytest_addoption(parser):
    fixtures.pytest_addoption(parser)
    parser.addoption("--runc", default=None, help="the runc to compare with (default: found in PATH)")
    parser.addoption("--crun", default=None, help="the crun to compare with")
