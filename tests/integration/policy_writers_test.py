"""Who may write to the policy: files and folders that are not root's alone are refused, with the way to put it right."""

import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness.policy import HEAD, annotate, node, rule  # noqa: F401


@pytest.fixture(autouse=True)
def only_redoubt(runtime):
    runtime.only_redoubt("policy files")


def start(runtime, bundle):
    return runtime.run(bundle.args("echo", "started"))


def foreign(path):
    os.chown(path, 1234, 1234, follow_symlinks=False)
    return f"belongs to uid 1234; run: chown root:root {path}"


def group_writable(path):
    path.chmod(0o775)
    return f"run: chmod go-w {path}"


def for_everybody(path):
    path.chmod(0o777)
    return f"run: chmod go-w {path}"


def sticky(path):
    path.chmod(0o1777)
    return f"run: chmod go-w {path}"


WAYS = [foreign, group_writable, for_everybody]


@pytest.mark.parametrize("way", [*WAYS, sticky], ids=lambda way: way.__name__)
@pytest.mark.parametrize("place", ["etc/redoubt", "etc/redoubt/profiles", "usr/share/redoubt/profiles", "etc"])
def test_a_directory_of_the_policy_that_others_may_write_is_refused(runtime, bundle, node, tmp_path, way, place):  # noqa: F811
    """Whoever may write to it can take a rule away without touching the file that it is in."""
    node()
    node.profile("web", extends=["default"])
    annotate(bundle, profile="web")
    (tmp_path / "usr/share/redoubt/profiles").mkdir(parents=True)
    assert start(runtime, bundle).code == 0
    remedy = way(tmp_path / place)
    if way is sticky and place == "etc":
        assert start(runtime, bundle).code == 0  # on the way only: what lies in it is its owner's
        return
    result = start(runtime, bundle)
    assert result.code == 1 and "started" not in result.out
    assert f"{tmp_path / place}: must be a directory that only root or the caller may write to" in result.err and remedy in result.err
    row = {row["check"]: row for row in json.loads(runtime("doctor", "--format", "json").out)}["policy files"]
    assert not row["good"] and remedy in row["finding"]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", ["config.json", "profiles/web.json"])
def test_a_file_of_the_policy_that_others_may_write_is_refused(runtime, bundle, node, way, name):  # noqa: F811
    node()
    node.profile("web", extends=["default"])
    annotate(bundle, profile="web")
    remedy = way(node.etc / name)
    result = start(runtime, bundle)
    assert result.code == 1 and f"{node.etc / name}: must be a file that only root or the caller may write to" in result.err and remedy in result.err


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_link_is_judged_by_what_is_behind_it(runtime, bundle, node, work, way):  # noqa: F811
    """As with a policy that is kept in a checkout."""
    node()
    away = work / "checkout"
    shutil.move(node.etc, away)
    node.etc.symlink_to(away)
    assert start(runtime, bundle).code == 0
    remedy = way(away)
    result = start(runtime, bundle)
    assert result.code == 1 and remedy in result.err


def test_a_rule_that_is_a_link_of_somebody_else(runtime, bundle, node, work):  # noqa: F811
    node()
    (node.etc / "config.json").rename(node.etc / "real.json")
    (node.etc / "config.json").symlink_to("real.json")
    assert start(runtime, bundle).code == 0
    os.chown(node.etc / "config.json", 1234, 1234, follow_symlinks=False)
    result = start(runtime, bundle)
    assert result.code == 1 and f"run: chown -h root:root {node.etc / 'config.json'}" in result.err


def test_a_policy_does_not_vanish_with_what_a_link_leads_to(runtime, bundle, node, work):  # noqa: F811
    node()
    away = work / "mounted"
    shutil.move(node.etc, away)
    node.etc.symlink_to(away)
    assert start(runtime, bundle).code == 0
    (away / "config.json").rename(work / "config.json")
    assert start(runtime, bundle).code == 0  # no file, and nothing that says there should be one
    (away / "config.json").symlink_to("/nonexistent/config.json")
    assert "leads by a symbolic link to /nonexistent, which is not there" in runtime.refused(bundle.args("true")).err
    shutil.rmtree(away)
    assert f"leads by a symbolic link to {away}, which is not there" in runtime.refused(bundle.args("true")).err
    node.etc.unlink()
    node.etc.write_text("")
    assert f"{node.etc}: must be a directory" in runtime.refused(bundle.args("true")).err


def let_somebody_write(path):
    """setfacl -m u:1234:rwx"""
    entries = [(0x01, 7, 0xFFFFFFFF), (0x02, 7, 1234), (0x04, 5, 0xFFFFFFFF), (0x10, 7, 0xFFFFFFFF), (0x20, 5, 0xFFFFFFFF)]
    os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries))


def test_an_acl_that_lets_somebody_write_counts(runtime, bundle, node):  # noqa: F811
    node()
    for path in (node.etc, node.etc / "config.json"):
        try:
            let_somebody_write(path)
        except OSError as error:
            pytest.skip(f"lacks: a file system with ACLs ({error})")
        assert f"run: chmod go-w {path}" in runtime.refused(bundle.args("true")).err
        os.removexattr(path, "system.posix_acl_access")
        path.chmod(0o755)
        assert start(runtime, bundle).code == 0


def test_a_profile_that_the_caller_names_by_path_is_his_own_affair(runtime, node, work):  # noqa: F811
    path = node.profile("web", extends=["default"])
    own = work / "web.json"
    shutil.copy(path, own)
    own.chmod(0o666)
    work.chmod(0o777)
    path.unlink()
    for verb in ("lint", "show"):
        runtime.ok("profile", verb, own)


def test_the_rules_of_the_host_reach_a_rootless_user(runtime, monkeypatch):
    """In a user namespace the files of root belong to nobody that has a number there."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "etc/redoubt").mkdir(parents=True)
        (root / "etc/redoubt/config.json").write_text(json.dumps({**HEAD, "kind": "NodePolicy", "kernel": {"bpf": rule("deny")}}))
        monkeypatch.setenv("REDOUBT_POLICY_ROOT", name)
        as_user = ["setpriv", "--reuid", "1234", "--regid", "1234", "--clear-groups", "unshare", "--user", "--map-root-user"]
        shown = subprocess.run([*as_user, str(runtime.path), "policy", "show"], capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    assert re.search(r"^kernel.bpf +\S+/config.json:1 +deny", shown.stdout, re.M), shown.stdout
