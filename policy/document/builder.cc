#include "policy/document/builder.h"

#include "policy/document/syscall_sets.h"

namespace redoubt::policy {

DocumentBuilder::DocumentBuilder(std::string_view name,
                                 std::string_view description,
                                 std::string_view source)
    : source_(source) {
  document_.name = name;
  document_.description = description;
}

void DocumentBuilder::rule(uint32_t line, std::string_view reason) {
  document_.rules.push_back({std::string(source_), line, std::string(reason)});
}

void DocumentBuilder::field(Field field, uint32_t rule, uint64_t number, std::string_view text) {
  value_ = &document_[field];
  value_->present = true;
  value_->rule = rule;
  value_->number = number;
  value_->text = text;
}

void DocumentBuilder::entry(uint32_t rule,
                            std::string_view key,
                            uint64_t number,
                            std::string_view text) {
  value_->entries.push_back({std::string(key), std::string(text), number, rule});
}

void DocumentBuilder::entries(uint32_t rule, std::string_view syscall_set) {
  const std::span<const std::string_view> names = find_syscall_set(syscall_set)->syscalls;
  value_->entries.reserve(names.size());
  for (const std::string_view name : names) {
    entry(rule, name);
  }
}

}  // namespace redoubt::policy
