"""Recordings against strace: of one run of each program, both have the same system calls, and the same files with the same accesses."""

import pytest

from harness.fidelity import PROGRAMS, differences, recorded, watched

pytestmark = pytest.mark.native


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_recording_is_what_strace_sees(runtime, work, program):
    runtime.only_redoubt("recordings")
    document, true = watched(runtime, work, program)
    assert document["complete"] is True and document["lost"] == [], document["lost"]
    got = recorded(document)
    assert differences(got, true) == []
    # Neither is empty: a program, its loader and a library at least, unless it is static.
    assert len(got.calls) > 20 and len(got.files) > 5 and {"execve", "exit_group"} <= got.calls
    assert not true.answered & got.calls
