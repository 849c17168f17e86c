// DocumentBuilder: a Document put together call by call, as the generated code of the profiles
// inside of the program does it (policy/embed). Nothing is checked: that was done when the code was
// written, by reading the JSON.
#ifndef REDOUBT_POLICY_DOCUMENT_BUILDER_H_
#define REDOUBT_POLICY_DOCUMENT_BUILDER_H_

#include <string_view>
#include <utility>

#include "policy/document/document.h"

namespace redoubt::policy {

class DocumentBuilder {
 public:
  // `source` is that of every rule.
  DocumentBuilder(std::string_view name, std::string_view description, std::string_view source);

  void extends(std::string_view name) { document_.extends.emplace_back(name); }
  void rule(uint32_t line, std::string_view reason);
  // Makes the field present; what follows are its entries, sorted by key.
  void field(Field field, uint32_t rule, uint64_t number = 0, std::string_view text = {});
  void entry(uint32_t rule, std::string_view key, uint64_t number = 0, std::string_view text = {});
  // All names of the set.
  void entries(uint32_t rule, std::string_view syscall_set);

  Document take() { return std::move(document_); }

 private:
  std::string_view source_;
  Document document_;
  FieldValue* value_ = nullptr;  // of the last field()
};

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_DOCUMENT_BUILDER_H_
