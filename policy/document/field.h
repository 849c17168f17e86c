// The fields of a policy document, as one table: path, type, polarity, meaning. The reader, the
// writer, the merge, diff, lint, the published schema (schema.h) and docs/policy-fields.md are all
// made from it; what a field does stands in the pass that reads it (policy/harden_*.cc).
//
// The type is the polarity: it says which of two values is the tighter one, and so what the meet of
// two documents is (merge.h).
#ifndef REDOUBT_POLICY_DOCUMENT_FIELD_H_
#define REDOUBT_POLICY_DOCUMENT_FIELD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace redoubt::policy {

// In the order of the table in field.cc.
enum class Field : uint8_t {
  kMode,
  kIsolation,
  kNoNewPrivileges,
  kNonRoot,
  kReadonlyRoot,
  kCapabilitiesAllow,
  kCapabilitiesDeny,
  kSyscallsDefault,
  kSyscallsAllow,
  kSyscallsDeny,
  kForeignArchitectures,
  kSyscallsReport,
  kBpf,
  kClock,
  kFileHandles,
  kFilelessExec,
  kHostControl,
  kHostFiles,
  kIoUring,
  kKexec,
  kKeyrings,
  kModules,
  kMounts,
  kPerf,
  kPtrace,
  kPtraceOutside,
  kRawIo,
  kSyslog,
  kTerminalInjection,
  kUserNamespaces,
  kUserfaultfd,
  kNetworkFamilies,
  kNetworkConnect,
  kNetworkBind,
  kFilesMasked,
  kFilesReadonly,
  kFilesRead,
  kFilesList,
  kFilesWrite,
  kFilesExecute,
  kFilesReport,
  kDevicesAllow,
  kSysctls,
  kRlimits,
  kPidsLimit,
  kSelinuxType,
  kApparmorProfile,
  kLandlockScopes,
  kNodeDefaultProfile,
  kNodeAllowedProfiles,
  kNodeOnConflict,
  kNodePrivileged,
  kNodeSignedBy,
  kNodeRecordings,
  kVmAccelerator,
  kVmImage,
  kVmImageDigest,
  kVmMaxMemory,
  kVmMaxVcpus,
  kVmMonitor,
  kVmVmm,
  kVmVirtiofsd,
  kVmWatchdog,
  kCount,
};
inline constexpr size_t kFieldCount = static_cast<size_t>(Field::kCount);

enum class FieldType : uint8_t {
  kFlag,       // true is tighter
  kLevel,      // one of FieldInfo::words, the later the tighter
  kAllowed,    // set of names, nothing else is allowed: the intersection
  kDenied,     // set of names: the union
  kPaths,      // allowed directory trees: what lies in both
  kEndpoints,  // allowed addresses and ports: what lies in both
  kNumber,     // upper limit: the smaller
  kNumbers,    // upper limits by name: the smaller
  kText,       // both must agree
  kTexts,      // by name, both must agree
};

// What the names of a set are.
enum class Vocabulary : uint8_t {
  kNone,
  kCapability,  // CAP_CHOWN
  kSyscall,     // openat, @container
  kFamily,      // AF_INET
  kPath,        // absolute, in the container
  kRlimit,      // RLIMIT_NOFILE
  kScope,       // Landlock: abstract-unix-sockets, signals
  kProfile,     // name of a profile
  kSysctl,      // net.ipv4.ip_forward
  kDigest,      // sha256: and 64 hexadecimal digits
  kPublicKey,   // ed25519: and 32 bytes in base64
  kMemorySize,  // 512Mi, 2Gi; as a number: bytes
};

enum class Scope : uint8_t { kAny, kNodeOnly };

struct FieldInfo {
  Field field;
  std::string_view path;  // "capabilities.allow"; at most two parts
  FieldType type;
  Vocabulary vocabulary = Vocabulary::kNone;
  std::span<const std::string_view> words = {};  // kLevel: from widest to tightest
  Scope scope = Scope::kAny;
  std::string_view meaning = {};  // one sentence for the schema and the docs
  std::string_view layer = {};    // what enforces it, strongest first
  // kPaths: the field whose trees have what this one grants as well. This one only adds to them: where
  // that field is absent it has no effect. kCount: none.
  Field adds_to = Field::kCount;

  bool adds() const { return adds_to != Field::kCount; }
};

std::span<const FieldInfo> field_table();
const FieldInfo& info_of(Field field);
std::optional<Field> find_field(std::string_view path);

// The index of a level's word.
std::optional<uint32_t> find_level(const FieldInfo& info, std::string_view word);

// "intersection", "union", ...: how two values of this type meet, for texts.
std::string_view polarity_of(FieldType type);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_FIELD_H_
