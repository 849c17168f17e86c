// Landlock: allow-lists that init puts on itself. Its ports come from harden_network.cc.
#include <linux/landlock.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/str.h"
#include "policy/harden.h"

namespace redoubt::policy {
namespace {

// Headers of Debian 12 end at ABI 2.
constexpr uint64_t kFsTruncate = uint64_t{1} << 14;       // ABI 3
constexpr uint64_t kScopeAbstractUnix = uint64_t{1} << 0;  // ABI 6
constexpr uint64_t kScopeSignal = uint64_t{1} << 1;        // ABI 6
constexpr char kNoLandlock[] = "this kernel has no Landlock";
constexpr int kAbiRefer = 2;
constexpr int kAbiTruncate = 3;
constexpr int kAbiScopes = 6;

uint64_t write_access(int abi) {
  uint64_t access = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
  access |= abi >= kAbiRefer ? uint64_t{LANDLOCK_ACCESS_FS_REFER} : 0;
  access |= abi >= kAbiTruncate ? kFsTruncate : 0;
  return access;
}

uint64_t access_of(Field field, int abi) {
  switch (field) {
    case Field::kFilesRead:
      return LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    case Field::kFilesList:
      return LANDLOCK_ACCESS_FS_READ_DIR;
    case Field::kFilesWrite:
      return write_access(abi);
    default:
      return LANDLOCK_ACCESS_FS_EXECUTE;
  }
}

void add_path(plan::Landlock& landlock, const std::string& path, uint64_t access) {
  for (plan::LandlockPath& known : landlock.paths) {
    if (known.path == path) {
      known.access |= access;
      return;
    }
  }
  landlock.paths.push_back({path, access});
}

Status harden_tree(Hardener& h, Field field) {
  if (!h.has(field)) {
    return {};
  }
  if (h.host.landlock_abi < 1) {
    return h.degrade(field, "", kNoLandlock);
  }
  plan::Landlock& landlock = h.plan.hardening.landlock;
  const uint64_t access = access_of(field, h.host.landlock_abi);
  landlock.handled_fs |= access;
  for (const Entry& entry : h.policy[field].entries) {
    add_path(landlock, entry.key, access);
  }
  h.decide(field,
           value_text(info_of(field), h.policy[field]),
           "landlock",
           field == Field::kFilesWrite && h.host.landlock_abi < kAbiTruncate
               ? "truncate(2) is not covered before Landlock ABI 3"
               : "");
  return {};
}

// Landlock holds for all beneath a path: there is no right to list one directory alone. The field only
// adds to files.read, so where that is not enforced there is nothing to refuse for.
Status harden_list(Hardener& h) {
  if (h.has(Field::kFilesList) && (!h.has(Field::kFilesRead) || (h.host.landlock_abi < 1 && !h.by_guest))) {
    h.decide(Field::kFilesList,
             value_text(info_of(Field::kFilesList), h.policy[Field::kFilesList]),
             "",
             "no effect: every directory may be listed where files.read does not hold");
    return {};
  }
  return harden_tree(h, Field::kFilesList);
}

Status harden_scopes(Hardener& h) {
  if (!h.has(Field::kLandlockScopes)) {
    return {};
  }
  if (h.host.landlock_abi < kAbiScopes) {
    return h.degrade(Field::kLandlockScopes, "", "needs Landlock ABI 6 (Linux 6.12)");
  }
  const FieldValue& scopes = h.policy[Field::kLandlockScopes];
  uint64_t& scoped = h.plan.hardening.landlock.scoped;
  scoped |= find_entry(scopes, "abstract-unix-sockets") != nullptr ? kScopeAbstractUnix : 0;
  scoped |= find_entry(scopes, "signals") != nullptr ? kScopeSignal : 0;
  h.decide(Field::kLandlockScopes, value_text(info_of(Field::kLandlockScopes), scopes), "landlock");
  return {};
}

// What grants least before what grants it as well: a refused listing is told by files.list where there is one.
constexpr Field kTrees[] = {Field::kFilesExecute, Field::kFilesWrite, Field::kFilesList, Field::kFilesRead};

bool refuses(const Document& policy, Field field) {
  const FieldInfo& info = info_of(field);
  return policy[info.adds() ? info.adds_to : field].present;
}

// A wall that the policy asks for and this kernel lacks must not look like one that nobody asked for.
void describe_layer(Hardener& h) {
  const int abi = h.host.landlock_abi;
  const bool trees = std::any_of(std::begin(kTrees), std::end(kTrees), [&](Field field) { return refuses(h.policy, field); });
  const bool scopes = h.has(Field::kLandlockScopes);
  const bool lacks = (trees && abi < 1) || (scopes && abi < kAbiScopes);
  const bool active = h.plan.hardening.landlock.active();
  h.layer("landlock",
          lacks ? "degraded" : active ? "active" : "off",
          abi < 1           ? kNoLandlock
          : lacks           ? concat("ABI ", abi, ": no scopes before ", kAbiScopes)
          : active          ? concat("ABI ", abi)
                            : "the profile asks for none of it");
}

}  // namespace

bool wants_file_reports(const Document& policy) {
  return policy[Field::kFilesReport].number != 0 && policy.level(Field::kMode, kModePreferred) > kModeAudit &&
         std::any_of(std::begin(kTrees), std::end(kTrees), [&](Field field) { return refuses(policy, field); });
}

std::span<const Field> landlock_fields() {
  return kTrees;
}

uint64_t landlock_access_of(Field field) {
  return access_of(field, std::numeric_limits<int>::max());
}

Status harden_landlock(Hardener& h) {
  if (h.audits()) {
    const bool none = h.host.landlock_abi < 1;
    h.layer("landlock", none ? "off" : "audit", none ? kNoLandlock : "no audit mode before ABI 7: nothing applied");
    return {};
  }
  TRY(harden_tree(h, Field::kFilesRead));
  TRY(harden_list(h));
  TRY(harden_tree(h, Field::kFilesWrite));
  TRY(harden_tree(h, Field::kFilesExecute));
  TRY(harden_scopes(h));
  describe_layer(h);
  return {};
}

}  // namespace redoubt::policy
