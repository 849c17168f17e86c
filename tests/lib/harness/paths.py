"""Where things are. The suites run from a checkout, on the host or inside the test VM."""

import os
import pathlib

TESTS = pathlib.Path(__file__).resolve().parents[2]
REPO = TESTS.parent
BUILD = pathlib.Path(os.environ.get("REDOUBT_BUILD", REPO / "build"))
VICTIM_SOURCES = TESTS / "victims"
VICTIM_BINARIES = pathlib.Path(os.environ.get("REDOUBT_VICTIMS", BUILD / "victims"))
DEFAULT_RUNTIME = BUILD / "release" / "redoubt"
