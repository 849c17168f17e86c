#include "runc-compat/cli/verbs.h"

namespace redoubt::cli {
namespace {

constexpr const Verb* kVerbs[] = {
    &kVerbBpf,
    &kVerbCheckpoint,
    &kVerbCreate,
    &kVerbDelete,
    &kVerbDoctor,
    &kVerbEvents,
    &kVerbExec,
    &kVerbFeatures,
    &kVerbKill,
    &kVerbList,
    &kVerbPause,
    &kVerbPolicy,
    &kVerbProfile,
    &kVerbPs,
    &kVerbRestore,
    &kVerbResume,
    &kVerbRun,
    &kVerbSpec,
    &kVerbStart,
    &kVerbState,
    &kVerbUpdate,
};

}  // namespace

std::span<const Verb* const> all_verbs() {
  return kVerbs;
}

const Verb* find_verb(std::string_view name) {
  for (const Verb* verb : kVerbs) {
    if (verb->name == name) {
      return verb;
    }
  }
  return nullptr;
}

}  // namespace redoubt::cli
