#include "oci/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <memory>

#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "oci/spec_json.h"

namespace redoubt::oci {
namespace {

Result<json::Value> parse_document(std::string_view text, std::string_view name) {
  TRY_ASSIGN(json::Value document, json::parse(text, name));
  if (!document.is_object() && !document.is_null()) {
    return Error::invalid(
        concat(name, ": top level must be an object, got ", document.type_name()));
  }
  return document;
}

// The real path: it becomes part of the state and must mean the same later, whatever happens to
// links.
Result<std::string> real_path(const std::string& dir) {
  const std::string wanted = dir.empty() ? "." : dir;
  const std::unique_ptr<char, decltype(&::free)> resolved(::realpath(wanted.c_str(), nullptr),
                                                          &::free);
  if (!resolved) {
    return Error::system(errno, concat("bundle ", quote(wanted)));
  }
  return std::string(resolved.get());
}

Result<std::string> read_config(const std::string& dir) {
  const Result<UniqueFd> fd = open_at(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY);
  if (!fd) {
    return Error::system(fd.error().err(), concat("bundle ", quote(dir)));
  }
  Result<std::string> text = read_file_at(fd->get(), kConfigFile, json::Limits().max_bytes);
  if (!text && text.error().err() == ENOENT) {
    return Error(ErrorKind::kInvalidSpec,
                 concat("JSON specification file ", kConfigFile, " not found"),
                 ENOENT);
  }
  return text;
}

}  // namespace

Result<Spec> load_spec_text(std::string_view text, std::string_view name, Warnings& warnings) {
  TRY_ASSIGN(const json::Value document, parse_document(text, name));
  if (document.is_null()) {
    return Error::invalid("config cannot be null");
  }
  TRY_ASSIGN(Spec spec, parse_spec(document));
  TRY(validate(spec, warnings));
  return spec;
}

Result<Process> load_process_text(std::string_view text,
                                  std::string_view name,
                                  Warnings& warnings) {
  TRY_ASSIGN(const json::Value document, parse_document(text, name));
  if (document.is_null()) {
    return Error::invalid("process property must not be empty");
  }
  TRY_ASSIGN(Process process, parse_process(document));
  TRY(validate_process(process, warnings));
  return process;
}

Result<Resources> load_resources_text(std::string_view text, std::string_view name) {
  TRY_ASSIGN(const json::Value document, parse_document(text, name));
  if (document.is_null()) {
    return Resources();
  }
  TRY_ASSIGN(Resources resources, parse_resources(document));
  TRY(validate_resources(resources, "resources"));
  return resources;
}

Result<LoadedBundle> load_bundle(const std::string& dir, Warnings& warnings) {
  LoadedBundle bundle;
  TRY_ASSIGN(bundle.path, real_path(dir));
  TRY_ASSIGN(bundle.config_text, read_config(bundle.path));
  TRY_ASSIGN(bundle.spec, load_spec_text(bundle.config_text, kConfigFile, warnings));
  return bundle;
}

}  // namespace redoubt::oci
