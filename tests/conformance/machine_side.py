"""The third side of the scenarios: the same bundle, byte for byte, under a node's policy that demands `isolation: vm`."""

import json
import os
import re

from harness.isolation import machine_programs
from harness.policy import HEAD, rule
from harness.runtime import Runtime, identify
from observation import observe

BOOT = 90


def write_policy(folder, **members):
    """A node's policy below `folder`, which is its name for $REDOUBT_POLICY_ROOT."""
    etc = folder / "etc/redoubt"
    etc.mkdir(parents=True)
    (etc / "config.json").write_text(json.dumps({**HEAD, "kind": "NodePolicy", **members}))
    return folder


class Governed(Runtime):
    """A runtime under a node's policy of the test's own. A machine is interpreted, so it may take its time."""

    def __init__(self, policy, *args):
        super().__init__(*args)
        self.policy = policy

    def raw(self, argv, timeout=BOOT, env=None, **kwargs):
        return super().raw(argv, timeout, env={**(env or os.environ), "REDOUBT_POLICY_ROOT": str(self.policy)}, **kwargs)


class Sides:
    """Both sides of a scenario on this host: natively and in a machine."""

    def __init__(self, runtime_path, image, tools, work, template, config):
        self.path, self.identity = runtime_path, identify(runtime_path)
        self.work, self.template, self.config = work, template, config
        programs = machine_programs(runtime_path, image, tools)
        self.native = write_policy(work / "native-policy", vm=programs)
        self.machine = write_policy(work / "machine-policy", vm=programs, isolation=rule("vm"))

    def observe(self, scenario):
        """What is seen natively and in a machine; what is left over of either."""
        cid = "side-" + re.sub(r"[^a-z0-9]", "-", scenario[0].lower())[:40]
        seen, left = [], []
        for policy in (self.native, self.machine):
            one, rest = observe(lambda place, p=policy: Governed(p, self.path, place, *self.identity), self.work, self.template, self.config, scenario, cid)
            seen.append(one)
            left += rest
        return *seen, left
