# bash completion for redoubt. Written by completions/generate from --help; do not edit.

_redoubt_verbs="create delete exec kill run start events list ps state pause resume update checkpoint restore bpf doctor policy profile features spec help"

# The candidates among the given words.
_redoubt_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

_redoubt_options() {
  case $1 in
    "") echo "--root --log --log-format --log-level --debug --systemd-cgroup --cgroup-manager --rootless --help -h --version -v" ;;
    create) echo "--bundle -b --console-socket --pidfd-socket --pid-file --no-pivot --no-new-keyring --preserve-fds" ;;
    delete) echo "--force -f" ;;
    exec) echo "--process -p --cwd --env -e --tty -t --user -u --additional-gids -g --cap -c --no-new-privs --process-label --apparmor --cgroup --detach -d --console-socket --pidfd-socket --pid-file --preserve-fds --ignore-paused" ;;
    kill) echo "" ;;
    run) echo "--bundle -b --detach -d --keep --console-socket --pidfd-socket --pid-file --no-subreaper --no-pivot --no-new-keyring --preserve-fds" ;;
    start) echo "" ;;
    events) echo "--audit -a --interval --journald --stats" ;;
    list) echo "--format -f --quiet -q" ;;
    ps) echo "--format -f" ;;
    state) echo "" ;;
    pause) echo "" ;;
    resume) echo "" ;;
    update) echo "--cpu-burst --cpu-idle --cpu-period --cpu-quota --cpu-rt-period --cpu-rt-runtime --cpu-share --cpuset-cpus --cpuset-mems --memory --memory-reservation --memory-swap --resources -r --blkio-weight --pids-limit --l3-cache-schema --mem-bw-schema" ;;
    checkpoint) echo "--image-path --work-path --parent-path --leave-running --tcp-established --tcp-skip-in-flight --link-remap --ext-unix-sk --shell-job --lazy-pages --status-fd --page-server --file-locks --pre-dump --manage-cgroups-mode --empty-ns --auto-dedup" ;;
    restore) echo "--bundle -b --detach -d --image-path --work-path --console-socket --pid-file --no-subreaper --no-pivot --tcp-established --ext-unix-sk --shell-job --file-locks --manage-cgroups-mode --empty-ns --auto-dedup --lazy-pages --lsm-profile --lsm-mount-context" ;;
    bpf) echo "--force -f --format" ;;
    doctor) echo "--format -f" ;;
    policy) echo "--bundle -b --format -f" ;;
    profile) echo "--format -f --output -o --report --to --rootfs --key --force --base --name --explain --without --container --for --ready-cmd" ;;
    features) echo "" ;;
    spec) echo "--bundle -b --rootless" ;;
  esac
}

# Sets `value` to what the option, given as "verb option", takes: -d, -f (directories, files) or words. Fails when it takes nothing.
_redoubt_takes_value() {
  case $1 in
    " --root") value=-d ;;
    " --log") value=-f ;;
    " --log-format") value="text json" ;;
    " --log-level") value="error warning info debug" ;;
    " --cgroup-manager") value="cgroupfs systemd" ;;
    " --rootless") value="true false auto" ;;
    "create --bundle" | "create -b") value=-d ;;
    "create --console-socket") value=-f ;;
    "create --pidfd-socket") value=-f ;;
    "create --pid-file") value=-f ;;
    "create --preserve-fds") value="" ;;
    "exec --process" | "exec -p") value=-f ;;
    "exec --cwd") value=-d ;;
    "exec --env" | "exec -e") value="" ;;
    "exec --user" | "exec -u") value="" ;;
    "exec --additional-gids" | "exec -g") value="" ;;
    "exec --cap" | "exec -c") value="" ;;
    "exec --process-label") value="" ;;
    "exec --apparmor") value="" ;;
    "exec --cgroup") value="" ;;
    "exec --console-socket") value=-f ;;
    "exec --pidfd-socket") value=-f ;;
    "exec --pid-file") value=-f ;;
    "exec --preserve-fds") value="" ;;
    "run --bundle" | "run -b") value=-d ;;
    "run --console-socket") value=-f ;;
    "run --pidfd-socket") value=-f ;;
    "run --pid-file") value=-f ;;
    "run --preserve-fds") value="" ;;
    "events --interval") value="" ;;
    "list --format" | "list -f") value="table json" ;;
    "ps --format" | "ps -f") value="table json" ;;
    "update --cpu-burst") value="" ;;
    "update --cpu-idle") value="" ;;
    "update --cpu-period") value="" ;;
    "update --cpu-quota") value="" ;;
    "update --cpu-rt-period") value="" ;;
    "update --cpu-rt-runtime") value="" ;;
    "update --cpu-share") value="" ;;
    "update --cpuset-cpus") value="" ;;
    "update --cpuset-mems") value="" ;;
    "update --memory") value="" ;;
    "update --memory-reservation") value="" ;;
    "update --memory-swap") value="" ;;
    "update --resources" | "update -r") value=-f ;;
    "update --blkio-weight") value="" ;;
    "update --pids-limit") value="" ;;
    "update --l3-cache-schema") value="" ;;
    "update --mem-bw-schema") value="" ;;
    "checkpoint --image-path") value=-d ;;
    "checkpoint --work-path") value=-d ;;
    "checkpoint --parent-path") value=-d ;;
    "checkpoint --status-fd") value="" ;;
    "checkpoint --page-server") value="" ;;
    "checkpoint --manage-cgroups-mode") value="soft full strict ignore" ;;
    "checkpoint --empty-ns") value="network" ;;
    "restore --bundle" | "restore -b") value=-d ;;
    "restore --image-path") value=-d ;;
    "restore --work-path") value=-d ;;
    "restore --console-socket") value=-f ;;
    "restore --pid-file") value=-f ;;
    "restore --manage-cgroups-mode") value="soft full strict ignore" ;;
    "restore --empty-ns") value="network" ;;
    "restore --lsm-profile") value="" ;;
    "restore --lsm-mount-context") value="" ;;
    "bpf --format") value="table json" ;;
    "doctor --format" | "doctor -f") value="table json" ;;
    "policy --bundle" | "policy -b") value=-d ;;
    "policy --format" | "policy -f") value="table json" ;;
    "profile --format" | "profile -f") value="table json sarif" ;;
    "profile --output" | "profile -o") value=-f ;;
    "profile --report") value=-f ;;
    "profile --to") value="apparmor kubearmor oci-seccomp selinux-cil spo-apparmor spo-seccomp" ;;
    "profile --rootfs") value=-d ;;
    "profile --key") value=-f ;;
    "profile --base") value="batch-job builder database default jit restricted web-server" ;;
    "profile --name") value="" ;;
    "profile --without") value="packages peers ports siblings temporary variants" ;;
    "profile --container") value="" ;;
    "profile --for") value="" ;;
    "profile --ready-cmd") value="" ;;
    "spec --bundle" | "spec -b") value=-d ;;
    *) return 1 ;;
  esac
}

_redoubt_containers() {
  local arguments=()
  [[ -n $root ]] && arguments=(--root "$root")
  _redoubt_words "$("${COMP_WORDS[0]}" "${arguments[@]}" list --quiet 2>/dev/null)"
}

_redoubt() {
  local cur prev verb="" root="" word previous="" value="" count=0 index
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD - 1]}
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    [[ $previous == --root ]] && root=$word
    if [[ $word == -* ]] || _redoubt_takes_value "$verb $previous" || _redoubt_takes_value " $previous"; then
      previous=$word
      continue
    fi
    if [[ -z $verb ]]; then verb=$word; else ((count++)); fi
    previous=$word
  done
  COMPREPLY=()
  if _redoubt_takes_value "$verb $prev" || _redoubt_takes_value " $prev"; then
    if [[ $value == -? ]]; then
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen "$value" -- "$cur"))
    else
      _redoubt_words "$value"
    fi
    return
  fi
  if [[ $cur == -* ]]; then
    _redoubt_words "$(_redoubt_options "$verb") $(_redoubt_options "")"
  elif [[ -z $verb || $verb == help ]]; then
    _redoubt_words "$_redoubt_verbs"
  elif [[ $verb == kill && $count -eq 1 ]]; then
    _redoubt_words "TERM KILL HUP INT QUIT USR1 USR2 STOP CONT"
  elif [[ $verb == bpf && $count -eq 0 ]]; then
    _redoubt_words "load status unload"
  elif [[ $verb == policy && $count -eq 0 ]]; then
    _redoubt_words "show explain"
  elif [[ $verb == profile && $count -eq 0 ]]; then
    _redoubt_words "list show lint diff merge simulate explain record replay generalise minimise keygen sign verify convert schema fields"
  elif [[ $count -eq 0 && " bpf create doctor features help list policy profile restore run spec " != *" $verb "* ]]; then
    _redoubt_containers
  fi
}

complete -F _redoubt redoubt
