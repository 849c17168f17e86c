// The command lines that engines were seen to send, word by word, with what must be understood.
#include <gtest/gtest.h>

#include "tests/unit/cli/describe.h"

namespace redoubt::cli {
namespace {

struct Call {
  std::string_view engine;
  std::string_view words;
  std::string_view expected;
};

constexpr Call kCalls[] = {
    {"dockerd start", "features", "run features | |"},
    {"dockerd runtimeArgs", "--debug=false features", "run features debug=false | |"},
    {"dockerd version", "--version", "version"},
    {"containerd create",
     "--root R --log B/log.json --log-format json --systemd-cgroup create --bundle B --pid-file "
     "B/init.pid --console-socket /tmp/pty1/pty.sock ID",
     "run create root=R log=B/log.json log-format=json systemd-cgroup=true | bundle=B "
     "console-socket=/tmp/pty1/pty.sock pid-file=B/init.pid | ID"},
    {"containerd start",
     "--root R --log L --log-format json start ID",
     "run start root=R log=L log-format=json | | ID"},
    {"containerd pause",
     "--root R --log L --log-format json pause ID",
     "run pause root=R log=L log-format=json | | ID"},
    {"containerd resume",
     "--root R --log L --log-format json resume ID",
     "run resume root=R log=L log-format=json | | ID"},
    {"containerd kill",
     "--root R --log L --log-format json kill ID 15",
     "run kill root=R log=L log-format=json | | ID 15"},
    {"containerd kill all",
     "--root R --log L --log-format json kill --all ID 9",
     "run kill root=R log=L log-format=json | all=true | ID 9"},
    {"containerd exec",
     "--root R --log L --log-format json exec --process /tmp/runc-process1 --console-socket S "
     "--detach --pid-file B/x.pid ID",
     "run exec root=R log=L log-format=json | process=/tmp/runc-process1 detach=true "
     "console-socket=S pid-file=B/x.pid | ID"},
    {"docker top",
     "--root R --log L --log-format json ps --format json ID",
     "run ps root=R log=L log-format=json | format=json | ID"},
    {"docker update",
     "--root R --log L --log-format json update --resources=- ID",
     "run update root=R log=L log-format=json | resources=- | ID"},
    {"containerd delete",
     "--root R --log L --log-format json delete ID",
     "run delete root=R log=L log-format=json | | ID"},
    {"containerd delete shim",
     "--root R --log L --log-format json delete --force ID",
     "run delete root=R log=L log-format=json | force=true | ID"},
    {"containerd metrics", "--root R events --stats ID", "run events root=R | stats=true | ID"},
    {"containerd events",
     "--root R events --interval=5s ID",
     "run events root=R | interval=5000000000 | ID"},
    {"containerd checkpoint",
     "--root R checkpoint --image-path P --work-path W --tcp-established --leave-running "
     "--status-fd 3 ID",
     "run checkpoint root=R | image-path=P work-path=W leave-running=true tcp-established=true "
     "status-fd=3 | ID"},
    {"containerd restore",
     "--root R restore --image-path=P --work-path=W --detach --pid-file=F -no-subreaper --bundle B "
     "ID",
     "run restore root=R | bundle=B detach=true image-path=P work-path=W pid-file=F "
     "no-subreaper=true | ID"},
    {"buildkit run",
     "--log X/runc-log.json --log-format json run --bundle B --no-pivot --keep ID",
     "run run log=X/runc-log.json log-format=json | bundle=B keep=true no-pivot=true | ID"},
    {"podman create",
     "--systemd-cgroup --log-format=json --log F create --bundle U --pid-file P --no-pivot "
     "--no-new-keyring --preserve-fds 2 --console-socket S ID",
     "run create log=F log-format=json systemd-cgroup=true | bundle=U console-socket=S pid-file=P "
     "no-pivot=true no-new-keyring=true preserve-fds=2 | ID"},
    {"podman kill all", "kill --all ID 9", "run kill | all=true | ID 9"},
    {"podman delete", "delete --force ID", "run delete | force=true | ID"},
    {"podman update",
     "update --resources=/var/tmp/podman1 ID",
     "run update | resources=/var/tmp/podman1 | ID"},
    {"podman exec",
     "exec --pid-file P --process F --detach --preserve-fds 1 --console-socket S ID",
     "run exec | process=F detach=true console-socket=S pid-file=P preserve-fds=1 | ID"},
    {"podman checkpoint probe", "checkpoint --help", "help checkpoint"},
    {"podman restore probe",
     "restore --lsm-mount-context",
     "bad-flag restore: flag needs an argument: --lsm-mount-context"},
    {"podman checkpoint",
     "checkpoint --image-path I --work-path W --file-locks --pre-dump --parent-path ../p ID",
     "run checkpoint | image-path=I work-path=W parent-path=../p file-locks=true pre-dump=true | "
     "ID"},
    {"podman restore",
     "--systemd-cgroup restore --bundle U --pid-file P --detach --image-path I --work-path W ID",
     "run restore systemd-cgroup=true | bundle=U detach=true image-path=I work-path=W pid-file=P "
     "| ID"},
    {"podman without cgroups",
     "--cgroup-manager disabled create --bundle U --pid-file P ID",
     "run create cgroup-manager=disabled | bundle=U pid-file=P | ID"},
    {"buildah create",
     "--systemd-cgroup create --bundle T --pid-file T/pid --no-new-keyring NAME",
     "run create systemd-cgroup=true | bundle=T pid-file=T/pid no-new-keyring=true | NAME"},
    {"buildah state", "state NAME", "run state | | NAME"},
    {"CRI-O create",
     "--systemd-cgroup --root=R create --bundle B --pid-file P --console-socket S ID",
     "run create root=R systemd-cgroup=true | bundle=B console-socket=S pid-file=P | ID"},
    {"CRI-O kill by name",
     "--root R --systemd-cgroup kill ID KILL",
     "run kill root=R systemd-cgroup=true | | ID KILL"},
    {"CRI-O kill all",
     "--root R --systemd-cgroup kill -a ID 9",
     "run kill root=R systemd-cgroup=true | all=true | ID 9"},
    {"CRI-O update", "--root R update --resources - ID", "run update root=R | resources=- | ID"},
    {"CRI-O exec",
     "--root R --systemd-cgroup exec --process F ID",
     "run exec root=R systemd-cgroup=true | process=F | ID"},
    {"conmon-rs create",
     "--root=R --systemd-cgroup --root=R --systemd-cgroup create --bundle=B --pid-file=P ID",
     "run create root=R systemd-cgroup=true | bundle=B pid-file=P | ID"},
    {"conmon-rs exec",
     "--root=R --systemd-cgroup --log=journald:ID --log-level=warning exec -d --console-socket=S "
     "--tty --pid-file=F ID ls -l --color",
     "run exec root=R log=journald:ID log-level=warning systemd-cgroup=true | tty=true detach=true "
     "console-socket=S pid-file=F | ID ls -l --color"},
};

TEST(ParseCommandLine, UnderstandsTheCallsOfEngines) {
  for (const Call& call : kCalls) {
    EXPECT_EQ(describe(parse_text(call.words)), call.expected) << call.engine;
  }
}

}  // namespace
}  // namespace redoubt::cli
