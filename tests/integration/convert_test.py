"""Conversions: profiles from and to the forms of others, and what their own tools say to them."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.native

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests/testdata/authoring/convert"


@pytest.fixture(autouse=True)
def only_redoubt(runtime):
    runtime.only_redoubt("profiles to convert")


def test_conversions_follow_one_table(runtime, work):
    """The forms that --to knows are those of --help, of the manual page and of the completions."""
    error = runtime.fails("profile", "convert", "--to", "nothing", "default", match="--to: .*nothing.* is unknown; there are").err
    forms = re.search(r"there are (.*?)[.\"\n]", error)[1].split(", ")
    assert len(forms) == 6, error
    text = {
        "--help": runtime.ok("profile", "--help").out,
        "man": (ROOT / "man/redoubt-profile.8.scd").read_text(),
        "completions": (ROOT / "completions/redoubt.bash").read_text(),
    }
    assert not [(form, place) for form in forms for place in text if form not in text[place]]


def parser_accepts(path):
    """apparmor_parser compiles it, without a kernel that has AppArmor."""
    parser = shutil.which("apparmor_parser") or "/usr/sbin/apparmor_parser"
    if not pathlib.Path(parser).exists():
        pytest.skip("needs Debian's package apparmor")
    done = subprocess.run([parser, "-Q", "--skip-kernel-load", "--skip-cache", path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{path}: {done.stderr}\n{path.read_text()}"


STRANGE = {
    "apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "strange",
    "files": {"read": [{"paths": ["/a b", "/{x,y}*", "/q\"r", "/@{z}", "/b\\s", "/[c]", "/d,e", "/ü"], "reason": "r"}]},
    "limits": {"rlimits": [{"name": "RLIMIT_NOFILE", "value": 64, "reason": "r"}, {"name": "RLIMIT_CPU", "value": 9, "reason": "r"}]},
}  # fmt: skip


def test_apparmor_takes_what_is_written_for_it(runtime, work):
    """Every shipped profile, every sample, and names full of characters that mean something there."""
    (work / "strange.json").write_text(json.dumps(STRANGE))
    profiles = [path.stem for path in (ROOT / "profiles").glob("*.json")] + [work / "strange.json"]
    for sample in SAMPLES.glob("*.apparmor"):
        runtime.ok("profile", "convert", "--output", work / f"{sample.stem}.json", sample)
        profiles.append(work / f"{sample.stem}.json")
    for profile in profiles:
        written = work / f"{pathlib.Path(profile).stem}.aa"
        runtime.ok("profile", "convert", "--to", "apparmor", "--output", written, profile)
        parser_accepts(written)


def test_a_converted_profile_is_told_where_it_differs(runtime, work):
    """On stderr, and in JSON for who reads that; the profile says the same to the same operations."""
    made = runtime.ok("profile", "convert", "--format", "json", "--name", "nginx", SAMPLES / "nginx.apparmor")
    document = json.loads(made.out)
    notes = {(note["effect"], note["field"]) for note in document["notes"]}
    assert {("wider", "network.families"), ("wider", "files.write"), ("other", "")} <= notes
    assert "nginx.apparmor:26: wider: " in made.err and json.loads(document["result"])["name"] == "nginx"
    (work / "nginx.json").write_text(document["result"])
    denied = runtime("profile", "explain", work / "nginx.json", "open:/etc/nginx/nginx.conf:w")
    assert denied.code == 1 and "as in nginx.apparmor" in denied.out, denied
    runtime.ok("profile", "explain", work / "nginx.json", "open:/var/log/nginx/access.log:w")


def test_conversion_refuses_what_it_cannot_read(runtime, work):
    (work / "two.yaml").write_text("kind: A\n---\nkind: B\n")
    (work / "x.aa").write_text("profile x {\n  /y rw\n}\n")
    runtime.fails("profile", "convert", "--name", "x", work / "two.yaml", match="two.yaml:2: a second document")
    runtime.fails("profile", "convert", "--name", "x", work / "x.aa", match="x.aa:2: .*does not end with a comma")
    runtime.fails("profile", "convert", "--to", "apparmor", "--rootfs", "/x", "default", match="--rootfs: is an absolute path")
