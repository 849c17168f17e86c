"""Conversions: profiles from and to the forms of others, and what their own tools say to them."""

import itertools
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
    assert denied.code == 1 and "as in nginx.apparmor" in " ".join(denied.out.split()), denied
    runtime.ok("profile", "explain", work / "nginx.json", "open:/var/log/nginx/access.log:w")


def test_conversion_refuses_what_it_cannot_read(runtime, work):
    (work / "two.yaml").write_text("kind: A\n---\nkind: B\n")
    (work / "x.aa").write_text("profile x {\n  /y rw\n}\n")
    runtime.fails("profile", "convert", "--name", "x", work / "two.yaml", match="two.yaml:2: a second document")
    runtime.fails("profile", "convert", "--name", "x", work / "x.aa", match="x.aa:2: .*does not end with a comma")
    runtime.fails("profile", "convert", "--to", "apparmor", "--rootfs", "/x", "default", match="--rootfs: is an absolute path")


# ---- filters, by what they decide -----------------------------------------------------------------------------------------------

OPERATORS = {
    "SCMP_CMP_EQ": lambda got, value, _: got == value, "SCMP_CMP_NE": lambda got, value, _: got != value,
    "SCMP_CMP_LT": lambda got, value, _: got < value, "SCMP_CMP_LE": lambda got, value, _: got <= value,
    "SCMP_CMP_GT": lambda got, value, _: got > value, "SCMP_CMP_GE": lambda got, value, _: got >= value,
    "SCMP_CMP_MASKED_EQ": lambda got, mask, value: got & mask == value,
}  # fmt: skip


def is_for_a_plain_container(rule):
    """On x86-64 and a kernel of today, without further capabilities: what moby makes of "includes" and "excludes" there."""
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    return (not includes.get("caps") and (not includes.get("arches") or "amd64" in includes["arches"])
            and "amd64" not in excludes.get("arches", []))  # fmt: skip


def allows(section, name, arguments):
    """What the filter answers to one call: the rules of a system call are alternatives, what they ask of arguments must hold together."""
    for rule in section["syscalls"]:
        asked = rule.get("args") or []
        if name in rule["names"] and rule["action"] == "SCMP_ACT_ALLOW" and is_for_a_plain_container(rule):
            if all(OPERATORS[arg["op"]](arguments[arg["index"]], arg["value"], arg.get("valueTwo", 0)) for arg in asked):
                return True
    return False


def calls_of(section):
    """Every system call that the filter names and some that it does not; where arguments count, with those around each value that is compared."""
    calls = []
    for name in sorted({name for rule in section["syscalls"] for name in rule["names"]} | {"read", "bpf", "mount", "landlock_create_ruleset"}):
        compared = [arg for rule in section["syscalls"] if name in rule["names"] for arg in rule.get("args") or []]
        near = {number + step for arg in compared for number in (arg["value"], arg.get("valueTwo", 0)) for step in (-1, 0, 1)}
        numbers = sorted({number % (1 << 64) for number in near} | {0})
        calls += [(name, list(arguments) + [0, 0]) for arguments in itertools.product(numbers if compared else [0], repeat=4 if len(numbers) < 9 else 1)
                  for arguments in ([*arguments, 0, 0, 0][:4], ([0] * 4 + list(arguments))[-4:])]  # fmt: skip
    return calls


def alone(path, text):
    """The converted profile without default, which closes more than the filter."""
    path.write_text(json.dumps({key: value for key, value in json.loads(text).items() if key != "extends"}))


FILTERS = sorted(path.name for path in SAMPLES.iterdir() if "seccomp" in path.name)


def engines_filter(work):
    """The filter that Podman and CRI-O give a container, of moby's default.json in form and content, as Debian packages it."""
    apt = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"]
    subprocess.run([*apt, "download", "golang-github-containers-common"], cwd=work, check=True, capture_output=True)
    subprocess.run(["dpkg-deb", "-x", *work.glob("golang-github-containers-common_*.deb"), work / "package"], check=True)
    return work / "package/usr/share/containers/seccomp.json"


@pytest.mark.parametrize("sample", [*FILTERS, "containers-common"])
def test_a_filter_that_was_converted_decides_as_it_did(runtime, work, sample):
    """To a profile and back, over every call: where the answers differ, a note has said so, and it was the note's way."""
    yaml = pytest.importorskip("yaml", reason="lacks python3-yaml")
    path = SAMPLES / sample if sample in FILTERS else engines_filter(work)
    text = path.read_text()
    source = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    source = source.get("spec", source)
    profile = json.loads(runtime.ok("profile", "convert", "--format", "json", "--name", "x", path).out)
    alone(work / "x.json", profile["result"])
    back = json.loads(runtime.ok("profile", "convert", "--to", "oci-seccomp", work / "x.json").out)
    wider, tighter = ({name for note in profile["notes"] if note["effect"] == effect for name in note["what"].rpartition(": ")[2].split()}
                      for effect in ("wider", "tighter"))  # fmt: skip
    answers = [(name, allows(source, name, arguments), allows(back, name, arguments)) for name, arguments in calls_of(source)]
    assert {name for name, before, after in answers if after and not before} <= wider
    assert {name for name, before, after in answers if before and not after} <= tighter
    assert {before for _, before, _ in answers} == {True, False}
    (work / "back.json").write_text(json.dumps(back))
    alone(work / "y.json", runtime.ok("profile", "convert", "--name", "x", work / "back.json").out)
    assert json.loads(runtime.ok("profile", "convert", "--to", "oci-seccomp", work / "y.json").out) == back
