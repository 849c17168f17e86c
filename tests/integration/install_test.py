"""cmake --install: what lands where, and that its texts name the places that it went to."""

import pathlib
import re
import shutil
import subprocess

import pytest

pytestmark = [pytest.mark.native]


@pytest.fixture(scope="module")
def installed(runtime_path, tmp_path_factory):
    """Where /opt/redoubt of an installation is."""
    build = pathlib.Path(runtime_path).parent
    if not (build / "cmake_install.cmake").exists():
        pytest.skip("lacks the build folder that the program is of")
    copy = tmp_path_factory.mktemp("build") / "build"
    shutil.copytree(build, copy, symlinks=True, ignore=shutil.ignore_patterns("*.o", "*.a"))
    stage = tmp_path_factory.mktemp("stage")
    for script in copy.rglob("cmake_install.cmake"):  # the texts that it makes go below the copy
        script.write_text(script.read_text().replace(str(build), str(copy)))
    subprocess.run(["cmake", "--install", copy, "--prefix", "/opt/redoubt"], env={"DESTDIR": str(stage), "PATH": "/usr/bin:/bin"}, check=True, capture_output=True, timeout=60)
    return stage / "opt/redoubt"


def texts(folder):
    return {path: path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("folder", ["share/redoubt/engines", "share/man", "lib/systemd"])
def test_texts_name_the_prefix(installed, folder):
    found = texts(installed / folder)
    assert found
    for path, text in found.items():
        assert not re.search(r"/usr/(local/)?(bin/redoubt|libexec/redoubt|share/redoubt/engines)", text), path
    assert any("/opt/redoubt/" in text for text in found.values())


def test_what_is_executed_is_there(installed):
    for text in [*texts(installed / "share/redoubt/engines").values(), *texts(installed / "share/man").values(), *texts(installed / "lib/systemd").values()]:
        for name in re.findall(r"/opt/redoubt/((?:bin|libexec)/[\w/-]*\w)", text):
            assert (installed / name).exists(), name


def test_nothing_of_the_build_folder_is_named(installed, runtime_path):
    for path, text in texts(installed / "share").items():
        assert str(pathlib.Path(runtime_path).parent) not in text, path
