"""Policy files of a test's own, below $REDOUBT_POLICY_ROOT."""

import json

import pytest

HEAD = {"apiVersion": "redoubt.io/v1"}


def rule(value):
    return {"value": value, "reason": "test"}


def names(*values, key="names"):
    return [{key: list(values), "reason": "test"}]


def annotate(bundle, **values):
    bundle.config.setdefault("annotations", {}).update({f"io.redoubt.{key}": value for key, value in values.items()})
    return bundle


@pytest.fixture
def node(tmp_path, monkeypatch):
    """Writes policy files below a directory of the test's own: node(config) and node.profile(document)."""
    tmp_path.chmod(0o755)
    monkeypatch.setenv("REDOUBT_POLICY_ROOT", str(tmp_path))

    class Node:
        etc = tmp_path / "etc/redoubt"

        def __call__(self, **members):
            self.etc.mkdir(parents=True, exist_ok=True)
            (self.etc / "config.json").write_text(json.dumps({**HEAD, "kind": "NodePolicy", **members}))

        def profile(self, name, **members):
            (self.etc / "profiles").mkdir(parents=True, exist_ok=True)
            path = self.etc / f"profiles/{name}.json"
            path.write_text(json.dumps({**HEAD, "kind": "Profile", "name": name, **members}))
            return path

        def off(self):
            self.profile("default", mode=rule("off"))

    return Node()
