# shellcheck shell=bash
# For the test programs in fast.d and systemd.d, which run inside the VM: each check prints one line, PASS, FAIL or SKIP.
RUNTIME=${RUNTIME:-/usr/bin/redoubt}
CHECK_PREFIX=$(basename "$0")
CHECK_PREFIX=${CHECK_PREFIX#[0-9][0-9]-}
export RUNTIME

# check NAME SCRIPT [SECONDS]: SCRIPT runs in a bash with -e; passes when every command of it does, in time (60 s, times VM_PATIENCE). Its input is empty.
# The output goes to a file, not to a pipe: a detached container holds its end of a pipe open. What took long says so.
check() {
  local name="$CHECK_PREFIX: $1" seconds=$((${3:-60} * ${VM_PATIENCE:-1})) status=0 why output=/tmp/check.$$ began=$SECONDS
  # shellcheck disable=SC2016 # expanded by the inner shell
  timeout -k 5 "$seconds" bash -eEuo pipefail -c 'trap "echo \"in: \$BASH_COMMAND\"" ERR; '"$2" </dev/null >"$output" 2>&1 || status=$?
  [ $((SECONDS - began)) -lt 10 ] || echo "# $((SECONDS - began)) s: $name"
  if [ $status = 0 ]; then echo "PASS $name"; return; fi
  why="exit $status"
  [ $status != 124 ] && [ $status != 137 ] || why="no end within $seconds s"
  echo "FAIL $name: $why: $(tail -n 6 "$output" | tr '\n' '|' | tail -c 600)"
  return 1
}

# skip NAME WHAT-LACKS
skip() { echo "SKIP $CHECK_PREFIX: $1: $2"; }

# For SCRIPTs:
# exits CODE CMD...: CMD ends with CODE.
exits() {
  local want=$1 got=0
  shift
  "$@" || got=$?
  [ "$got" = "$want" ] || { echo "exit code $got, not $want"; return 1; }
}
# same WANT GOT
same() { [ "$1" = "$2" ] || { echo "got '$2', not '$1'"; return 1; }; }
# has TEXT PATTERN: an extended regular expression matches somewhere in TEXT.
has() { grep -Eq -- "$2" <<<"$1" || { echo "no match of '$2' in: $1"; return 1; }; }
# within SECONDS CMD...: CMD succeeds, now or later.
within() {
  local end=$((SECONDS + $1 * ${VM_PATIENCE:-1}))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || { echo "in vain: $*"; return 1; }
    sleep 0.3
  done
}
export -f exits same has within

# busybox_root FOLDER: a root file system of 2 MB, all of busybox and two accounts.
busybox_root() {
  mkdir -p "$1"/{bin,dev,etc,proc,root,sys,tmp,var/tmp}
  cp /usr/bin/busybox "$1/bin/"
  busybox --list | grep -v '^busybox$' | while read -r applet; do ln -sf busybox "$1/bin/$applet"; done
  printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' >"$1/etc/passwd"
  printf 'root:x:0:\nuser:x:1000:\n' >"$1/etc/group"
  chmod 1777 "$1/tmp" "$1/var/tmp"
  # Who runs it, NoNewPrivs and the root's first mount option: "1000 1 ro".
  cat >"$1/bin/confinement" <<'SCRIPT'
#!/bin/sh
root=$(awk '$2 == "/" {split($4, options, ","); last = options[1]} END {print last}' /proc/self/mounts)
echo "$(id -u) $(awk '/^NoNewPrivs/ {print $2}' /proc/self/status) $root"
SCRIPT
  chmod 755 "$1/bin/confinement"
}

# bundle FOLDER JQ-FILTER [ARG...]: config.json there runs ARGs on the busybox root; the filter edits it.
bundle() {
  local folder=$1 filter=$2
  shift 2
  mkdir -p "$folder"
  [ -d /run/bb ] || busybox_root /run/bb
  [ -f /run/spec.json ] || (cd /run && runc spec && mv config.json spec.json)
  jq '.root = {path: "/run/bb", readonly: true} | .process.terminal = false | .process.args = $ARGS.positional | '"$filter" \
    --args -- "$@" </run/spec.json >"$folder/config.json"
}
export -f bundle busybox_root

# busybox_image FILE NAME [CMD...]: a docker archive of the busybox root; docker, podman and ctr all load it, no registry is asked.
busybox_image() {
  local file=$1 name=$2 scratch
  shift 2
  scratch=$(mktemp -d)
  [ -d /run/bb ] || busybox_root /run/bb
  tar -C /run/bb -cf "$scratch/layer.tar" .
  jq -n --arg layer "sha256:$(sha256sum "$scratch/layer.tar" | cut -d ' ' -f 1)" '{architecture: "amd64", os: "linux",
    config: {Env: ["PATH=/bin"], Cmd: $ARGS.positional}, rootfs: {type: "layers", diff_ids: [$layer]}}' --args -- "${@:-sh}" >"$scratch/config.json"
  jq -n --arg name "$name" '[{Config: "config.json", RepoTags: [$name], Layers: ["layer.tar"]}]' >"$scratch/manifest.json"
  tar -C "$scratch" -cf "$file" manifest.json config.json layer.tar
  rm -rf "$scratch"
}

# podman_config: the drop-in, and for the tests Redoubt as the default and nothing that needs journald.
podman_config() {
  local folder=/etc/containers/containers.conf.d
  mkdir -p $folder
  cp /job/engines/podman.conf $folder/redoubt.conf
  printf '%s\n' '[containers]' 'log_driver = "k8s-file"' '[engine]' 'events_logger = "file"' 'runtime = "redoubt"' \
    'runtime_supports_nocgroup = ["redoubt"]' >$folder/test.conf
}

# The words of a refusal to widen, for has.
refused_mode='annotation io.redoubt.mode asks for off, profiles/default.json:[0-9]+ allows preferred'
export refused_mode

# is_peer NAME: the runtime under test is that one of the tree.
is_peer() { [ "$(basename "$(readlink -f "$RUNTIME")")" = "$1" ]; }
export -f is_peer
