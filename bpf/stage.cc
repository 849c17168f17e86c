#include "bpf/stage.h"

#include <string.h>

#include <algorithm>

#include "bpf/maps/kernel.h"
#include "bpf/names.h"
#include "bpf/maps/pins.h"
#include "bpf/set.h"

namespace redoubt::bpf {

redoubt_task task_value(const plan::KernelIntents& intents, const std::string& container) {
  redoubt_task value = {};
  value.state = REDOUBT_STAGED;
  value.denied = surface_bits(intents.denied_surfaces);
  value.audited = surface_bits(intents.audited_surfaces) & ~value.denied;
  value.families = intents.families;
  value.reports = intents.reports_files ? REDOUBT_REPORTS_FILES : 0;
  ::memcpy(value.container,
           container.data(),
           std::min(container.size(), sizeof value.container - 1));
  return value;
}

Status stage(int pidfd, const plan::KernelIntents& intents, const std::string& container) {
  const redoubt_task value = task_value(intents, container);
  if ((value.denied | value.audited) == 0 && !intents.reports_filters && !intents.reports_files) {
    return {};
  }
  if (intents.reports_files) {
    TRY(load_file_reports().context("files.report"));
  }
  TRY_ASSIGN(const UniqueFd tasks,
             open_pinned(map_pin("tasks"), false).context("bpf lsm"));
  TRY(update(tasks.get(), &pidfd, &value).context("bpf lsm: mark redoubt-init"));
  // Whoever unloads takes meta away first, and the tasks' map can be open still.
  TRY(read_meta().context("bpf lsm: the programs were unloaded meanwhile"));
  if (intents.reports_files && !has_file_reports()) {
    return Error::state("files.report: the programs were unloaded meanwhile");
  }
  return {};
}

}  // namespace redoubt::bpf
