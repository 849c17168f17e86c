#include "bpf/load/recorder_maps.h"

#include <errno.h>
#include <sys/mman.h>

#include <string_view>

#include "base/str.h"
#include "bpf/maps/kernel.h"

namespace redoubt::bpf {

void RecorderMaps::Unmap::operator()(redoubt_record_summary* summary) const {
  ::munmap(summary, sizeof *summary);
}

Result<RecorderMaps> RecorderMaps::open(const BpfLibrary& lib, bpf_object* object) {
  RecorderMaps maps;
  const std::pair<std::string_view, int*> wanted[] = {{"rec_tasks", &maps.tasks_},
                                                      {"rec_files", &maps.files_},
                                                      {"rec_names", &maps.names_},
                                                      {"rec_sockets", &maps.sockets_},
                                                      {"rec_summary", &maps.summary_}};
  bpf_map* map = nullptr;
  while ((map = lib.next_map(object, map)) != nullptr) {
    for (const auto& [name, fd] : wanted) {
      if (lib.map_name(map) == name) {
        *fd = lib.map_fd(map);
      }
    }
  }
  for (const auto& [name, fd] : wanted) {
    if (*fd < 0) {
      return Error::internal(concat("recording programs: no map ", name));
    }
  }
  void* memory = ::mmap(nullptr, sizeof(redoubt_record_summary), PROT_READ | PROT_WRITE, MAP_SHARED, maps.summary_, 0);
  if (memory == MAP_FAILED) {
    return Error::system(errno, "map the summary of the recording programs");
  }
  maps.mapped_.reset(static_cast<redoubt_record_summary*>(memory));
  return maps;
}

Status RecorderMaps::prepare(const RecordRequest& request) {
  mapped_->watches_refusals = request.refusals ? 1 : 0;
  mapped_->ready_by_command = request.ready_by_command ? 1 : 0;
  return request.tracked == 0 ? Status() : track(request.tracked, REDOUBT_RECORD_RUNTIME);
}

Status RecorderMaps::adopt(const RecordAdoption& adoption) {
  __atomic_store_n(&mapped_->cgroup, adoption.cgroup, __ATOMIC_RELAXED);
  set_phase(adoption.is_created ? REDOUBT_RECORD_STARTING : REDOUBT_RECORD_STEADY);
  for (const pid_t pid : adoption.pids) {
    TRY(track(pid, adoption.is_created ? REDOUBT_RECORD_INIT : REDOUBT_RECORD_ACTIVE));
  }
  return {};
}

Status RecorderMaps::track(pid_t pid, redoubt_record_task state) {
  const auto tgid = static_cast<uint32_t>(pid);
  const uint32_t value = state;
  return update(tasks_, &tgid, &value);
}

void RecorderMaps::set_phase(redoubt_record_phase phase) {
  __atomic_store_n(&mapped_->phase, static_cast<uint32_t>(phase), __ATOMIC_RELAXED);
}

bool RecorderMaps::has_workload() const {
  uint32_t tgid = 0, state = 0;
  bool more = next_key(tasks_, nullptr, &tgid);
  while (more) {
    // It may have gone meanwhile.
    const Status found = lookup(tasks_, &tgid, &state);
    if (found && (state == REDOUBT_RECORD_INIT || state == REDOUBT_RECORD_ACTIVE)) {
      return true;
    }
    const uint32_t last = tgid;
    more = next_key(tasks_, &last, &tgid);
  }
  return false;
}

}  // namespace redoubt::bpf
