"""Signed profiles: keys and signatures as files, and a node that takes nothing else, attacked in every way that we could think of."""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

import pytest

from harness.policy import annotate, names, node, rule  # noqa: F401
from harness.runtime import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def only_redoubt(runtime):
    runtime.only_redoubt("signed profiles")


@pytest.fixture
def keys(runtime, work):
    """Two pairs: good, which the node of these tests lists, and evil."""
    for name in ("good", "evil"):
        runtime.ok("profile", "keygen", work / name)
    return work


def public(keys, name="good"):
    return (keys / f"{name}.pub").read_text().strip()


def sign(runtime, keys, path, name="good"):
    return runtime.ok("profile", "sign", "--key", keys / f"{name}.key", path)


@pytest.fixture
def strict(runtime, node, keys):  # noqa: F811
    """A node that takes what `good` signed; with a profile `web` that is signed."""
    node(node={"signedBy": [{"names": [public(keys)], "reason": "reviewed by security"}]})
    node.web = node.profile("web", limits={"pids": rule(40)})
    sign(runtime, keys, node.web)
    return node


def start(runtime, bundle, profile="web"):
    annotate(bundle, profile=profile)
    return runtime.run(bundle.args("echo", "started"))


# ---- the files ------------------------------------------------------------------------------------------------------------------


def test_keys_are_made_once_and_the_secret_is_ones_own(runtime, keys):
    secret, shown = keys / "good.key", keys / "good.pub"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert len(base64.b64decode(shown.read_text().strip().split(":")[1], validate=True)) == 32
    before = secret.read_text()
    runtime.fails("profile", "keygen", keys / "good", match="is there already; --force replaces it")
    assert secret.read_text() == before
    secret.unlink()
    runtime.fails("profile", "keygen", keys / "good", match="good.pub is there already")
    assert not secret.exists(), "half a pair is left"
    runtime.ok("profile", "keygen", "--force", keys / "good")
    assert secret.read_text() != before and secret.stat().st_mode & 0o777 == 0o600


def test_a_key_is_not_written_through_a_link(runtime, work):
    (work / "trap.key").symlink_to(work / "elsewhere")
    runtime.fails("profile", "keygen", work / "trap", match="is there already")
    assert not (work / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_secret_that_others_can_read_is_refused(runtime, keys, node, mode):  # noqa: F811
    path = node.profile("web")
    (keys / "good.key").chmod(mode)
    runtime.fails("profile", "sign", "--key", keys / "good.key", path, match="others may read this key; chmod 600")
    assert not path.with_name("web.json.sig").exists()


def test_what_cannot_be_signed_says_why(runtime, keys, node):  # noqa: F811
    path = node.profile("web")
    key = keys / "good.key"
    runtime.fails("profile", "sign", path, match="needs one --key FILE")
    runtime.fails("profile", "sign", "--key", keys / "good.pub", path, match="is no secret key [(]it is a public one")
    runtime.fails("profile", "sign", "--key", key, "restricted", match="is built in and needs no signature")
    runtime.fails("profile", "verify", "--key", key, path, match="is no public key [(]it is a secret one")
    runtime.fails("profile", "verify", path, match="this node has no node.signedBy")
    path.write_text("{}")
    runtime.fails("profile", "sign", "--key", key, path, match="needs .*apiVersion")


def test_verify_takes_keys_as_files_as_text_and_from_the_node(runtime, keys, strict):
    for arguments in (["--key", keys / "good.pub"], ["--key", public(keys)], ["--key", keys / "evil.pub", "--key", keys / "good.pub"], []):
        rows = json.loads(runtime.ok("profile", "verify", "--format", "json", *arguments, strict.web, "web", "restricted").out)
        assert [row["accepted"] for row in rows] == [True] * 3 and rows[0]["key"] == rows[1]["key"] != rows[2]["key"] == ""
    result = runtime("profile", "verify", "--key", keys / "evil.pub", strict.web)
    assert result.code == 1 and "and not by" in result.out


# ---- the node's switch ----------------------------------------------------------------------------------------------------------


def test_a_signed_profile_is_in_force_and_explained(runtime, bundle, keys, strict):
    assert start(runtime, bundle).out == "started\n"
    bundle.save()
    said = json.loads(runtime.ok("policy", "explain", "--bundle", bundle.path, "--format", "json").out)
    [decision] = [row for row in said["decisions"] if row["control"] == "node.signedBy"]
    assert "web: key " in decision["value"] and "default: built in" in decision["value"] and "config.json:" in decision["source"]
    assert public(keys) in runtime.ok("policy", "show").out
    rows = {row["check"]: row for row in json.loads(runtime("doctor", "--format", "json").out)}
    assert rows["profile signatures"]["good"], rows


def tampered(path, keys):
    path.write_text(path.read_text().replace("40", "4000"))


def unsigned(path, keys):
    path.with_name("web.json.sig").unlink()


def cut(path, keys):
    signature = path.with_name("web.json.sig")
    signature.write_text(signature.read_text()[:-10])


def empty(path, keys):
    path.with_name("web.json.sig").write_text("")


def huge(path, keys):
    path.with_name("web.json.sig").write_bytes(path.with_name("web.json.sig").read_bytes() + b"\n" * (1 << 20))


def fifo(path, keys):
    unsigned(path, keys)
    os.mkfifo(path.with_name("web.json.sig"))


def directory(path, keys):
    unsigned(path, keys)
    path.with_name("web.json.sig").mkdir()


def writable(path, keys):
    path.with_name("web.json.sig").chmod(0o666)


ATTACKS = {
    tampered: "was changed since, or the signature is that of another file", unsigned: "web.json is not signed: there is no .*web.json.sig",
    cut: "is no signature, or not all of one", empty: "is no signature, or not all of one", huge: "larger than the limit of 256 bytes",
    fifo: "must be a file that only root or the caller may write to", directory: "must be a file that only root",
    writable: "must be a file that only root or the caller may write to",
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_attacks_on_the_files(runtime, bundle, keys, strict, attack):
    attack(strict.web, keys)
    result = start(runtime, bundle)
    assert result.code == 1 and "started" not in result.out
    assert re.search(r'profile \\?"web\\?": node.signedBy', result.err), result.err
    runtime.fails("policy", "explain", "--bundle", bundle.path, match=ATTACKS[attack])
    row = [row for row in json.loads(runtime.ok("profile", "list", "--format", "json").out) if row["name"] == "web"][0]
    assert row["usable"] is False
    rows = {row["check"]: row for row in json.loads(runtime("doctor", "--format", "json").out)}
    assert not rows["profile signatures"]["good"] and "web" in rows["profile signatures"]["finding"]
    findings = json.loads(runtime("profile", "lint", "--format", "json", strict.web).out)
    if attack is not writable:  # lint is not told to trust
        assert "signature-not-accepted" in {row["check"] for row in findings}


def test_the_signature_of_another_profile(runtime, bundle, keys, strict):
    other = strict.profile("other")
    sign(runtime, keys, other)
    shutil.copy(f"{other}.sig", f"{strict.web}.sig")
    assert start(runtime, bundle).code == 1
    # With its text too it is still that other profile.
    shutil.copy(other, strict.web)
    result = start(runtime, bundle)
    assert result.code == 1 and "the file is for" in result.err


def test_the_wrong_key_and_a_forged_key_id(runtime, bundle, keys, strict):
    good = pathlib.Path(f"{strict.web}.sig").read_text().split(":")[1]
    sign(runtime, keys, strict.web, "evil")
    result = start(runtime, bundle)
    assert result.code == 1 and f"and not by {good}" in result.err
    word, _, signature = pathlib.Path(f"{strict.web}.sig").read_text().split(":")
    pathlib.Path(f"{strict.web}.sig").write_text(f"{word}:{good}:{signature}")
    result = start(runtime, bundle)
    assert result.code == 1 and f"is not what key {good} signed" in result.err


@pytest.mark.parametrize("name", ["../web", "/etc/redoubt/web", "web.json", "..", "a/../web"])
def test_a_name_is_no_path(runtime, bundle, keys, strict, name):
    result = start(runtime, bundle, name)
    assert result.code == 1 and "profile's name" in result.err, result.err


def test_without_a_key_only_built_in_profiles_are_taken(runtime, bundle, node, keys):  # noqa: F811
    node(node={"signedBy": names()})
    path = node.profile("web")
    sign(runtime, keys, path)
    assert "a key that is accepted: there is none" in start(runtime, bundle).err
    assert "started" in runtime.run(annotate(bundle, profile="default").args("echo", "started")).out


def test_keys_that_are_none_are_refused(runtime, bundle, node, keys):  # noqa: F811
    for bad in ("ed25519:AAAA", public(keys)[:-1], (keys / "good.key").read_text().strip(), "good.pub"):
        node(node={"signedBy": names(bad)})
        runtime.fails("policy", "show", match="must be the line of a .pub file")


@pytest.mark.parametrize("way", ["extends", "default", "shadow", "replay"])
def test_every_way_of_a_profile_is_held(runtime, bundle, keys, strict, way):
    """What is not signed gets in by no side door."""
    loose = strict.profile("loose", mode=rule("off"))
    bundle.args("echo", "started")
    if way == "extends":
        sign(runtime, keys, strict.profile("web", extends=["loose"]))
        annotate(bundle, profile="web")
    elif way == "default":
        strict(node={"signedBy": names(public(keys)), "defaultProfile": rule("loose")})
    elif way == "shadow":
        strict.profile("default", mode=rule("off"))
    bundle.save()
    if way == "replay":
        result = runtime("profile", "replay", loose, "--", "run", "--bundle", bundle.path, runtime.cid())
    else:
        result = runtime.run(bundle)
    assert result.code == 1 and "started" not in result.out and "is not signed" in result.err, str(result)


def test_two_keys_while_one_replaces_the_other(runtime, bundle, keys, strict):
    strict(node={"signedBy": names(public(keys), public(keys, "evil"))})
    assert start(runtime, bundle).code == 0
    sign(runtime, keys, strict.web, "evil")
    assert start(runtime, bundle).code == 0
    strict(node={"signedBy": names(public(keys, "evil"))})
    assert start(runtime, bundle).code == 0
    sign(runtime, keys, strict.web)
    assert start(runtime, bundle).code == 1


def test_a_container_outlives_its_signature(runtime, bundle, keys, strict):
    """Later verbs read the copy, which has the signature; the node's files may go."""
    annotate(bundle, profile="web").args("sleep", "1000").save()
    cid = runtime.cid()
    runtime.ok("create", "--bundle", bundle.path, cid)
    shutil.rmtree(strict.etc)
    runtime.ok("start", cid)
    assert runtime.ok("exec", cid, "echo", "inside").out == "inside\n"
    assert "web: key " in runtime.ok("policy", "explain", "--format", "json", cid).out
    runtime.ok("delete", "--force", cid)


def test_the_copy_of_a_container_is_no_way_around(runtime, bundle, keys, strict):
    annotate(bundle, profile="web").args("sleep", "1000").save()
    cid = runtime.cid()
    runtime.ok("run", "--detach", "--bundle", bundle.path, cid)
    copy = pathlib.Path(runtime.root) / cid / "policy.json"
    document = json.loads(copy.read_text())
    profile = document["profiles"]["web"]
    profile["text"] = profile["text"].replace("40", "4000")
    copy.write_text(json.dumps(document))
    runtime.fails("exec", cid, "true", code=255, match="was changed since")
    del profile["signature"]
    copy.write_text(json.dumps(document))
    runtime.fails("exec", cid, "true", code=255, match="is not signed")
    runtime.ok("delete", "--force", cid)


def test_files_that_are_exchanged_meanwhile(runtime, bundle, keys, strict, work):
    """A link that flips between the signed text and another one, as fast as it can: what runs is what was signed."""
    loose = work / "loose"
    loose.mkdir()
    (loose / "web.json").write_text(strict.web.read_text().replace("40", "4000"))
    signed = work / "signed"
    signed.mkdir()
    shutil.copy(strict.web, signed / "web.json")
    stop = threading.Event()

    def flip():
        while not stop.is_set():
            for folder in (loose, signed):
                link = strict.web.with_name("link")
                link.symlink_to(folder / "web.json")
                os.replace(link, strict.web)

    strict.web.unlink()
    (strict.web).symlink_to(signed / "web.json")
    thread = threading.Thread(target=flip)
    thread.start()
    annotate(bundle, profile="web").args("true").save()
    taken = refused = 0
    try:
        for _ in range(60):
            result = runtime("policy", "explain", "--bundle", bundle.path, "--format", "json")
            if result.code == 0:
                assert '"4000' not in result.out and "40" in result.out
                taken += 1
            else:
                assert "was changed since" in result.err, result.err
                refused += 1
    finally:
        stop.set()
        thread.join()
    assert taken and refused, (taken, refused)


def test_nobody_looks_for_signatures_that_were_not_asked_for(runtime, bundle, node, keys, work):  # noqa: F811
    """The way of every start without node.signedBy: not one system call more."""
    node(node={"privileged": rule("allow")})
    sign(runtime, keys, node.profile("web"))
    annotate(bundle, profile="web").args("true").save()
    argv = [str(word) for word in runtime.argv("run", "--bundle", bundle.path, runtime.cid())]
    done = runtime.raw(["strace", "-f", "-e", "trace=file", "-o", str(work / "calls"), *argv])
    assert done.code == 0, str(done)
    calls = (work / "calls").read_text()
    assert "profiles/web.json" in calls and ".sig" not in calls


def test_a_container_under_an_imposed_built_in_profile_can_be_entered(runtime, bundle, node):  # noqa: F811
    bundle.args("sleep", "1000").save()
    cid = runtime.cid()
    argv = [str(word) for word in runtime.argv("profile", "replay", "web-server", "--", "run", "--bundle", bundle.path, cid)]
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: '"running"' in runtime("state", cid).out, timeout=30, what="the container")
        assert runtime.ok("exec", cid, "echo", "inside").out == "inside\n"
        runtime.ok("kill", cid, "KILL")
        child.wait(20)
    finally:
        child.kill()
        child.wait()


# ---- minimise -------------------------------------------------------------------------------------------------------------------


def test_minimise_finds_the_base_and_keeps_the_meaning(runtime, work, node):  # noqa: F811
    """A flat copy of what a profile means comes back to its base; both mean the same to diff, both ways."""
    document = json.loads((ROOT / "profiles/web-server.json").read_text())
    document.update(name="mine", description="a copy", **{"x-owner": "web team"})
    document["kernel"]["bpf"] = rule("deny")  # stays: default's own may be given up
    document["files"]["write"].append({"paths": ["/var/log"], "reason": "in /var"})
    document["limits"] = {"pids": rule(77)}
    (work / "mine.json").write_text(json.dumps(document))
    result = runtime.ok("profile", "minimise", "--explain", "--output", work / "small.json", work / "mine.json")
    small = json.loads((work / "small.json").read_text())
    assert small["extends"] == ["web-server"] and small["x-owner"] == "web team"
    assert set(small) - {"apiVersion", "kind", "name", "description", "extends", "x-owner"} == {"limits", "kernel"}
    assert list(small["kernel"]) == ["bpf"] and "2 rules of 9, extends web-server" in result.err
    rows = {tuple(line.split()[:2]): line for line in result.err.splitlines()}
    assert "default.json:" in rows["stays", "kernel.bpf"]
    assert re.search(r"left out +files.write", result.err)
    for pair in ((work / "mine.json", work / "small.json"), (work / "small.json", work / "mine.json")):
        assert runtime.ok("profile", "diff", *pair).out.strip() == ""
    again = runtime.ok("profile", "minimise", work / "small.json")
    assert json.loads(again.out) == small
    chosen = json.loads(runtime.ok("profile", "minimise", "--base", "default", work / "mine.json").out)
    assert chosen["extends"] == ["default"] and "network" in chosen and len(chosen["files"]["write"][0]["paths"]) == 5
    runtime.fails("profile", "minimise", "--base", "untrusted", work / "mine.json", match="extends untrusted: .*: the profile says")
    runtime.fails("profile", "minimise", "--base", "../x", work / "mine.json", match="is not a profile's name")


def test_a_merged_profile_extends_nothing(runtime, node):  # noqa: F811
    base = node.profile("web", extends=["default"], limits={"pids": rule(40)})
    merged = json.loads(runtime.ok("profile", "merge", base).out)
    assert "extends" not in merged and merged["kernel"]["bpf"]["value"] == "deny"
