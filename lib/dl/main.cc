// redoubt-dl: answers the calls of a DlProcess on descriptor 0 until that is closed. One row a
// call; what each does stands in the library that it is for.
#include <unistd.h>

#include <optional>

#include "bpf/load/file_reports.h"
#include "bpf/load/loader.h"
#include "bpf/load/recorder.h"
#include "bpf/load/syscall_names.h"
#include "sandbox/dl_message.h"
#include "sandbox/seccomp_build.h"
#include "sandbox/seccomp_library.h"
#include "sandbox/systemd_bus.h"

// redoubt-dl starts no redoubt-dl; what would (sandbox/dl_process.cc) is linked in where sections are
// not dropped, as under a sanitizer.
extern "C" {
extern const char redoubt_dl_image[];
extern const char redoubt_dl_image_end[];
const char redoubt_dl_image[] = "";
const char redoubt_dl_image_end[] = "";
}

namespace redoubt::sandbox {
namespace {

struct Server {
  std::optional<SystemdBus> systemd;
  std::optional<bpf::Recorder> recorder;
};

using Reply = Result<Words>;

Error misfit() {
  return Error::internal("redoubt-dl: request of another build");
}

Reply libseccomp_version(Server&, WordReader&) {
  TRY_ASSIGN(const SeccompLibrary lib, load_seccomp_library());
  const scmp_version* version = lib.version();
  return version == nullptr
             ? Words{""}
             : Words{concat(version->major, '.', version->minor, '.', version->micro)};
}

Reply compile_seccomp(Server&, WordReader& request) {
  const auto part = static_cast<SeccompPart>(request.number<int>());
  std::vector<plan::Seccomp> stack(request.count());
  for (plan::Seccomp& seccomp : stack) {
    seccomp = take_seccomp(request);
  }
  if (!request.is_complete()) {
    return misfit();
  }
  TRY_ASSIGN(const SeccompLibrary lib, load_seccomp_library());
  TRY_ASSIGN(BuiltFilter built, build_seccomp_filters(lib, stack, part));
  Words reply;
  put(reply, CachedProgram{std::move(built.filter), std::move(built.unknown_syscalls), lib.path});
  return reply;
}

Reply load_bpf_programs(Server&, WordReader& request) {
  const bool verbose = request.number<int>() != 0;
  if (!request.is_complete()) {
    return misfit();
  }
  TRY(bpf::attach_programs(verbose));
  return Words();
}

Reply attach_file_reports(WordReader& request, bool pin) {
  const bool verbose = request.number<int>() != 0;
  if (!request.is_complete()) {
    return misfit();
  }
  TRY(bpf::attach_file_reports(verbose, pin));
  return Words();
}

Reply load_file_reports(Server&, WordReader& request) {
  return attach_file_reports(request, true);
}

Reply try_file_reports(Server&, WordReader& request) {
  return attach_file_reports(request, false);
}

Reply record_start(Server& server, WordReader& request) {
  bpf::RecordRequest wanted;
  wanted.tracked = request.number<pid_t>();
  wanted.refusals = request.number<int>() != 0;
  wanted.ready_by_command = request.number<int>() != 0;
  const bool verbose = request.number<int>() != 0;
  if (!request.is_complete()) {
    return misfit();
  }
  TRY_ASSIGN(server.recorder, bpf::Recorder::start(wanted, verbose));
  return Words();
}

Reply record_adopt(Server& server, WordReader& request) {
  bpf::RecordAdoption adoption;
  adoption.cgroup = request.number<uint64_t>();
  adoption.is_created = request.number<int>() != 0;
  for (size_t left = request.count(); left > 0; --left) {
    adoption.pids.push_back(request.number<pid_t>());
  }
  if (!request.is_complete() || !server.recorder) {
    return misfit();
  }
  TRY(server.recorder->adopt(adoption));
  return Words();
}

Reply record_ignore(Server& server, WordReader& request) {
  const auto pid = request.number<pid_t>();
  if (!request.is_complete() || !server.recorder) {
    return misfit();
  }
  TRY(server.recorder->ignore(pid));
  return Words();
}

Reply record_is_running(Server& server, WordReader&) {
  return server.recorder ? Reply(Words{server.recorder->is_running() ? "1" : "0"}) : misfit();
}

Reply record_read(Server& server, WordReader&) {
  if (!server.recorder) {
    return misfit();
  }
  TRY_ASSIGN(const bpf::Observed observed, server.recorder->read());
  return bpf::to_words(observed);
}

Reply record_steady(Server& server, WordReader&) {
  if (!server.recorder) {
    return misfit();
  }
  server.recorder->set_steady();
  return Words();
}

Reply connect(Server& server, WordReader& request) {
  TRY_ASSIGN(server.systemd, SystemdBus::connect(request.number<int>() != 0));
  return Words();
}

Reply version(Server& server, WordReader&) {
  TRY_ASSIGN(const int version, server.systemd->version());
  return Words{concat(version)};
}

Reply control_group(Server& server, WordReader&) {
  TRY_ASSIGN(std::string path, server.systemd->control_group());
  return Words{std::move(path)};
}

Reply start_unit(Server& server, WordReader& request) {
  const std::string unit = request.text();
  const std::vector<UnitProperty> properties = take_properties(request);
  if (!request.is_complete()) {
    return misfit();
  }
  TRY(server.systemd->start_unit(unit, properties));
  return Words();
}

Reply set_properties(Server& server, WordReader& request) {
  const std::string unit = request.text();
  const std::vector<UnitProperty> properties = take_properties(request);
  if (!request.is_complete()) {
    return misfit();
  }
  TRY(server.systemd->set_properties(unit, properties));
  return Words();
}

Reply stop_unit(Server& server, WordReader& request) {
  TRY(server.systemd->stop_unit(request.text()));
  return Words();
}

// Of this machine's own table, or of that of its 32-bit programs. "": nobody knows it.
Reply syscall_name(Server&, WordReader& request) {
  const auto number = request.number<uint32_t>();
  const bool is_foreign = request.number<int>() != 0;
  if (!request.is_complete()) {
    return misfit();
  }
  TRY_ASSIGN(const SeccompLibrary lib, load_seccomp_library());
  return Words{is_foreign ? bpf::foreign_syscall_name(lib, number) : bpf::syscall_name(lib, number)};
}

struct Call {
  std::string_view name;
  Reply (*answer)(Server&, WordReader&);
  bool needs_connection = false;
};
constexpr Call kCalls[] = {
    {"compile seccomp", compile_seccomp},
    {"libseccomp version", libseccomp_version},
    {"load bpf programs", load_bpf_programs},
    {"load file reports", load_file_reports},
    {"record adopt", record_adopt},
    {"record ignore", record_ignore},
    {"record is running", record_is_running},
    {"record read", record_read},
    {"record start", record_start},
    {"record steady", record_steady},
    {"syscall name", syscall_name},
    {"systemd connect", connect},
    {"systemd control group", control_group, true},
    {"systemd set properties", set_properties, true},
    {"systemd start unit", start_unit, true},
    {"systemd stop unit", stop_unit, true},
    {"systemd version", version, true},
    {"try file reports", try_file_reports},
};

Reply answer(Server& server, const Words& request) {
  WordReader reader(request);
  const std::string name = reader.text();
  for (const Call& call : kCalls) {
    if (call.name == name && (!call.needs_connection || server.systemd)) {
      return call.answer(server, reader);
    }
  }
  return misfit();
}

int serve(int socket) {
  Server server;
  for (;;) {
    const Result<std::optional<Words>> request = receive_words(socket);
    if (!request || !*request) {
      return request ? 0 : 1;
    }
    Reply result = answer(server, **request);
    Words reply = result ? *std::move(result) : reply_of(result.error());
    if (result) {
      reply.insert(reply.begin(), "ok");
    }
    if (!send_words(socket, reply)) {
      return 1;
    }
  }
}

}  // namespace
}  // namespace redoubt::sandbox

int main() {
  return redoubt::sandbox::serve(STDIN_FILENO);
}
