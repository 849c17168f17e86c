# shellcheck shell=bash
# For the programs beside it: Redoubt under a node's policy with machines that QEMU interprets, and nothing that is written into the tree.
. "$VM_REPO/tests/vm/lib.sh"
for folder in /var/lib /opt /var/tmp /etc/docker; do mkdir -p $folder && mount -t tmpfs tmpfs $folder; done
mkdir -p /run/t /run/policy/etc/redoubt && cd /run/t || exit 1
ip link set lo up
jq -n --arg image "$STAGE/machine" --arg monitor "$STAGE/redoubt-vm" '{apiVersion: "redoubt.io/v1", kind: "NodePolicy",
  vm: ({accelerator: "tcg", image: $image, monitor: $monitor} | map_values({value: ., reason: "test"}))}' >/run/policy/etc/redoubt/config.json
RUNTIME=/run/redoubt-in-test
# What an engine asks for unasked and this machine has not is taken out, or nothing would start: limits whose controllers are bound to cgroup v1 (CRI:
# cpu.shares), a better OOM score than one's own without CAP_SYS_RESOURCE (CRI: -998).
cat >$RUNTIME <<RUNTIME
#!/bin/bash
lacking=''
grep -qw cpu /sys/fs/cgroup/cgroup.controllers || lacking='.linux.resources["cpu", "memory", "pids"]'
(echo -998 >/proc/self/oom_score_adj) 2>/dev/null || lacking+="\${lacking:+, }.process.oomScoreAdj"
bundle=\$(sed -nE 's/.* --bundle[ =]([^ ]+).*/\1/p' <<<"\$*")
if [ -n "\$bundle" ] && [ -n "\$lacking" ]; then
  jq "del(\$lacking)" "\$bundle/config.json" >"\$bundle/config.new" && mv "\$bundle/config.new" "\$bundle/config.json"
fi
export REDOUBT_POLICY_ROOT=/run/policy
exec $STAGE/redoubt "\$@"
RUNTIME
chmod 755 $RUNTIME
export RUNTIME
# drop_in FILE: of engines/, with this Redoubt.
drop_in() { sed "s|/usr/bin/redoubt|$RUNTIME|" "$VM_REPO/engines/$1"; }
# What says that it runs on a kernel of its own, serves a page, and decides how it ends.
guest='trap "exit 7" TERM; mkdir /www; uname -r >/www/index.html; httpd -p 80 -h /www; echo started; while :; do sleep 0.1; done'
machines() { pgrep -xc vmm; }
page() { busybox wget -q -T 10 -O - "$1"; }
export guest
export -f machines page
