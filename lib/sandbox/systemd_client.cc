#include "sandbox/systemd_client.h"

namespace redoubt::sandbox {

Result<SystemdClient> SystemdClient::connect(bool rootless) {
  TRY_ASSIGN(DlProcess process, DlProcess::start());
  SystemdClient client(std::move(process));
  TRY(client.call({"systemd connect", rootless ? "1" : "0"}));
  return client;
}

Status SystemdClient::call(const Words& request) {
  TRY(process_.call(request));
  return {};
}

Result<std::string> SystemdClient::ask(const std::string& name) {
  TRY_ASSIGN(const Words reply, process_.call({name}));
  return WordReader(reply).text();
}

Result<int> SystemdClient::version() {
  TRY_ASSIGN(const std::string text, ask("systemd version"));
  return parse_number<int>(text).value_or(0);
}

Result<std::string> SystemdClient::control_group() {
  return ask("systemd control group");
}

Status SystemdClient::start_unit(const std::string& unit,
                                 const std::vector<UnitProperty>& properties) {
  Words request = {"systemd start unit", unit};
  put(request, properties);
  return call(request);
}

Status SystemdClient::set_properties(const std::string& unit,
                                     const std::vector<UnitProperty>& properties) {
  Words request = {"systemd set properties", unit};
  put(request, properties);
  return call(request);
}

Status SystemdClient::stop_unit(const std::string& unit) {
  return call({"systemd stop unit", unit});
}

}  // namespace redoubt::sandbox
