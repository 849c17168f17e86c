"""Black-box tests over the built command line. Any runc-compatible runtime can stand in: --redoubt /usr/sbin/runc."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from harness.fixtures import *  # noqa: E402,F401,F403
