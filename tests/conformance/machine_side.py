"""The third side of the scenarios: the same bundle, byte for byte, under a node's policy that demands `isolation: vm`."""

import json
import os
import re
import shutil

from harness import leaks
from harness.bundle import Bundle
from harness.isolation import machine_programs
from harness.policy import HEAD, rule
from harness.runtime import Runtime, identify
from observation import observe

BOOT = 90
CRI = "io.kubernetes.cri."
# Not as one container of a pod among others: they list or name all that there are, or change the network that the pod shares.
ALONE = re.compile(r"verbs-|sysctl-net|host-network")


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


class Member(Governed):
    """In the state directory of a pod, whose sandbox is to survive."""

    def __init__(self, root, *args):
        super().__init__(*args)
        self.root = root

    def cleanup(self):
        problems = []
        for name in leaks.state_entries(self.root):
            if name.startswith(self.prefix):
                result = self("delete", "--force", name)
                problems += [] if result.code == 0 else [f"delete --force: {result}"]
        return problems + leaks.find(self.prefix, self.work / "nothing", self.work, self.baseline_children)


class Pod:
    """A sandbox in a machine; every scenario that runs in it is a container of its own there."""

    def __init__(self, sides):
        self.rt = Governed(sides.machine, sides.path, sides.work / "pod", *sides.identity)
        self.rt.work.mkdir()
        self.sandbox = self.rt.prefix + "-pod"
        bundle = Bundle(self.rt.work / "bundle", sides.template, sides.config).sleep(1000000)
        bundle.config.pop("hostname")  # the guest then has the host's, as a container without a name of its own
        bundle.config["annotations"] = {CRI + "container-type": "sandbox", "io.redoubt.vm.memory": "768Mi"}
        bundle.save()
        self.rt.ok("run", "--detach", "--bundle", bundle.path, self.sandbox)

    def end(self):
        left = self.rt.cleanup()
        shutil.rmtree(self.rt.work)
        return left


class Sides:
    """Both sides of a scenario on this host: natively and in a machine."""

    def __init__(self, runtime_path, image, tools, work, template, config):
        self.path, self.identity = runtime_path, identify(runtime_path)
        self.work, self.template, self.config = work, template, config
        programs = machine_programs(runtime_path, image, tools)
        self.native = write_policy(work / "native-policy", vm=programs)
        self.machine = write_policy(work / "machine-policy", vm=programs, isolation=rule("vm"))

    def observe(self, scenario, pod=None):
        """What is seen natively and in a machine, its own or that of the pod; what is left over of either."""
        cid = "side-" + re.sub(r"[^a-z0-9]", "-", scenario[0].lower())[:40]
        members = {CRI + "container-type": "container", CRI + "sandbox-id": pod.sandbox} if pod else None
        seen, left = [], []
        for runtime_in in (self.governed(self.native), self.member_of(pod) if pod else self.governed(self.machine)):
            one, rest = observe(runtime_in, self.work, self.template, self.config, scenario, cid, members)
            seen.append(one)
            left += rest
        return *seen, left

    def governed(self, policy):
        return lambda place: Governed(policy, self.path, place, *self.identity)

    def member_of(self, pod):
        return lambda place: Member(pod.rt.root, self.machine, self.path, place, *self.identity)
