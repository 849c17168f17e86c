// Intel RDT: lines for the schemata file of the container's resctrl group,
// Documentation/arch/x86/resctrl.rst.
#include "base/str.h"
#include "policy/passes.h"

namespace redoubt::policy {
namespace {

void add_lines(const std::string& schema, bool skip_bandwidth, std::vector<std::string>& lines) {
  for (std::string& line : split(schema, '\n')) {
    const bool bandwidth = line.rfind("MB:", 0) == 0;
    if (!line.empty() && !(skip_bandwidth && bandwidth)) {
      lines.push_back(std::move(line));
    }
  }
}

}  // namespace

Status pass_intel_rdt(const Request& request, plan::Plan& plan) {
  const oci::Linux& config = linux_section(request.spec);
  if (!config.intel_rdt) {
    return {};
  }
  const oci::IntelRdt& rdt = *config.intel_rdt;
  plan::IntelRdt result;
  result.clos_id = rdt.clos_id;
  result.enable_monitoring = rdt.enable_monitoring || rdt.enable_cmt || rdt.enable_mbm;
  // memBwSchema takes the place of "MB:" lines in l3CacheSchema (config-linux.md, IntelRdt).
  add_lines(rdt.l3_cache_schema, !rdt.mem_bw_schema.empty(), result.schemata);
  add_lines(rdt.mem_bw_schema, false, result.schemata);
  for (const std::string& schema : rdt.schemata.value_or(std::vector<std::string>())) {
    add_lines(schema, false, result.schemata);
  }
  plan.intel_rdt = std::move(result);
  return {};
}

}  // namespace redoubt::policy
