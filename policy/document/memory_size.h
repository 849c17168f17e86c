// Sizes of memory as people write them: 512Mi, 2Gi. Of vm.maxMemory and of the annotation io.redoubt.vm.memory.
#ifndef REDOUBT_POLICY_DOCUMENT_MEMORY_SIZE_H_
#define REDOUBT_POLICY_DOCUMENT_MEMORY_SIZE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace redoubt::policy {

// The one spelling, as a regular expression of the schema.
inline constexpr char kMemorySizePattern[] = "^[1-9][0-9]{0,6}(Mi|Gi)$";

// In bytes, less than 2^54; nothing when it is no such size.
std::optional<uint64_t> parse_memory_size(std::string_view text);

// Of whole MiB.
std::string memory_size_text(uint64_t bytes);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_MEMORY_SIZE_H_
