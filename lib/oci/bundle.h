// A bundle: the directory with config.json, read, decoded and checked in one go.
//
// The file is read once, through a descriptor that never blocks (a FIFO, a device or a directory is
// refused), and the text that was checked is handed on, so that what is stored with the container
// is what was looked at. Called by create, run and restore, and by every later verb for the stored
// copy of the text.
#ifndef REDOUBT_OCI_BUNDLE_H_
#define REDOUBT_OCI_BUNDLE_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "oci/spec.h"
#include "oci/validate.h"

namespace redoubt::oci {

inline constexpr const char* kConfigFile = "config.json";

struct LoadedBundle {
  Spec spec;
  std::string config_text;
  std::string path;  // absolute, no symbolic link in it
};

// An empty `dir` is the current directory.
Result<LoadedBundle> load_bundle(const std::string& dir, Warnings& warnings);

// Text to checked structures; `name` ("config.json") starts errors about the text.
Result<Spec> load_spec_text(std::string_view text, std::string_view name, Warnings& warnings);
Result<Process> load_process_text(std::string_view text, std::string_view name, Warnings& warnings);
Result<Resources> load_resources_text(std::string_view text, std::string_view name);

}  // namespace redoubt::oci

#endif  // REDOUBT_OCI_BUNDLE_H_
