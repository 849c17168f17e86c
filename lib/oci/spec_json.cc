#include "oci/spec_json.h"

#include <utility>

#include "base/str.h"
#include "oci/spec_decode.h"

namespace redoubt::oci {

void decode(const Cursor& at, IdMapping& out) {
  Fields(at)
      .read("containerID", out.container_id)
      .read("hostID", out.host_id)
      .read("size", out.size);
}

void decode(const Cursor& at, Root& out) {
  Fields(at).read("path", out.path).read("readonly", out.readonly);
}

void decode(const Cursor& at, Mount& out) {
  Fields(at)
      .read("destination", out.destination)
      .read("type", out.type)
      .read("source", out.source)
      .read("options", out.options)
      .read("uidMappings", out.uid_mappings)
      .read("gidMappings", out.gid_mappings);
}

void decode(const Cursor& at, Hook& out) {
  Fields(at)
      .read("path", out.path)
      .read("args", out.args)
      .read("env", out.env)
      .read("timeout", out.timeout);
}

void decode(const Cursor& at, Hooks& out) {
  Fields(at)
      .read("prestart", out.prestart)
      .read("createRuntime", out.create_runtime)
      .read("createContainer", out.create_container)
      .read("startContainer", out.start_container)
      .read("poststart", out.poststart)
      .read("poststop", out.poststop);
}

void decode(const Cursor& at, Spec& out) {
  Fields(at)
      .read("ociVersion", out.oci_version)
      .read("root", out.root)
      .read("process", out.process)
      .read("hostname", out.hostname)
      .read("domainname", out.domainname)
      .read("mounts", out.mounts)
      .read("hooks", out.hooks)
      .read("annotations", out.annotations)
      .read("linux", out.linux_);
}

namespace {

template <typename T>
Result<T> decode_document(const json::Value& document, std::string_view root) {
  if (!document.is_object()) {
    return Error::invalid(concat(root.empty() ? "" : root,
                                 root.empty() ? "" : ": ",
                                 "top level must be an object, got ",
                                 document.type_name()));
  }
  FirstError errors;
  const Path path(root);
  T out;
  decode(Cursor{document, path, errors}, out);
  TRY(errors.status());
  return out;
}

}  // namespace

Result<Spec> parse_spec(const json::Value& document) {
  return decode_document<Spec>(document, "");
}

Result<Process> parse_process(const json::Value& document) {
  return decode_document<Process>(document, "process");
}

Result<Resources> parse_resources(const json::Value& document) {
  return decode_document<Resources>(document, "resources");
}

}  // namespace redoubt::oci
