#include "policy/authoring/omissions.h"

#include <algorithm>

#include "base/str.h"
#include "policy/document/merge.h"

namespace redoubt::policy {
namespace {

struct Cause {
  std::string place;
  std::string why;
};

Cause of_rule(const Document& document, uint32_t rule, std::string_view why) {
  return {place_of(document.rules[rule]), concat(why, ": ", document.rules[rule].reason)};
}

Document with_entry(Field field, const Entry& entry) {
  Document document;
  document[field].present = true;
  document[field].entries.push_back(entry);
  document.rules.resize(size_t{entry.rule} + 1);
  return document;
}

// A tree in another one, an endpoint in a wider one: what the meet of the two leaves as it is.
bool lies_in(const FieldInfo& info, const Entry& inner, const Entry& outer) {
  return (info.type == FieldType::kPaths || info.type == FieldType::kEndpoints) &&
         wider_fields(with_entry(info.field, inner), with_entry(info.field, outer)).empty();
}

class Finder {
 public:
  Finder(const Document& raw, const Document& resolved, const Document& shorter, const Document& base)
      : raw_(raw), resolved_(resolved), shorter_(shorter), base_(base) {}

  std::vector<Omission> run() {
    for (const FieldInfo& info : field_table()) {
      const FieldValue& value = raw_[info.field];
      if (value.present && value.entries.empty() && !shorter_[info.field].present) {
        add(info, value_text(info, value), by_base(base_[info.field].rule));
      }
      for (const Entry& entry : value.entries) {
        if (find_entry(shorter_[info.field], entry.key) == nullptr) {
          add(info, entry.key, cause_of(info, entry));
        }
      }
    }
    add_rules_without_a_name();
    add_what_stays();
    return std::move(found_);
  }

 private:
  Cause by_base(uint32_t rule) const { return of_rule(base_, rule, "the base"); }

  Cause cause_of(const FieldInfo& info, const Entry& entry) const {
    const Entry* same = find_entry(base_[info.field], entry.key);
    if (same != nullptr && find_entry(resolved_[info.field], entry.key) != nullptr) {
      return by_base(same->rule);
    }
    for (const Field field : {info.field, info.adds() ? info.adds_to : info.field}) {
      for (const Entry& other : shorter_[field].entries) {
        if (lies_in(info, entry, other)) {
          return of_rule(shorter_, other.rule, concat("lies in ", other.key));
        }
      }
    }
    if (info.adds() && !shorter_[info.adds_to].present) {
      return {"", concat("has no effect without ", info_of(info.adds_to).path)};
    }
    return {"", "what the profile extends does not allow it"};
  }

  // Gathered while field and cause are the same.
  void add(const FieldInfo& info, const std::string& what, Cause cause) {
    if (found_.empty() || found_.back().field != info.path || found_.back().place != cause.place ||
        found_.back().why != cause.why) {
      found_.push_back({std::string(info.path), {}, std::move(cause.place), std::move(cause.why)});
    }
    found_.back().what.push_back(what);
  }

  // The reader gives a name to the first rule that has it.
  void add_rules_without_a_name() {
    std::vector<bool> used(raw_.rules.size(), false);
    for (const FieldValue& value : raw_.fields) {
      if (value.present) {
        used[value.rule] = true;
      }
      for (const Entry& entry : value.entries) {
        used[entry.rule] = true;
      }
    }
    for (size_t i = 0; i < used.size(); ++i) {
      if (!used[i]) {
        found_.push_back({"a whole rule", {raw_.rules[i].reason}, place_of(raw_.rules[i]),
                          "has no name that an earlier rule has not"});
      }
    }
  }

  void add_what_stays() {
    for (const FieldInfo& info : field_table()) {
      const FieldValue& value = shorter_[info.field];
      if (value.present && same_value(info, value, base_[info.field])) {
        const bool is_hard = base_.rule_of(info.field).best_effort;
        found_.push_back({std::string(info.path), {value_text(info, value)}, place_of(base_.rule_of(info.field)),
                          is_hard ? "the base gives it up where a host lacks it (mode), this profile does not"
                                  : "the base insists on it, this profile gives it up where a host lacks it (mode)",
                          true});
      }
    }
  }

  const Document& raw_;
  const Document& resolved_;
  const Document& shorter_;
  const Document& base_;
  std::vector<Omission> found_;
};

}  // namespace

std::vector<Omission> find_omissions(const Document& raw,
                                     const Document& resolved,
                                     const Document& shorter,
                                     const Document& base) {
  return Finder(raw, resolved, shorter, base).run();
}

}  // namespace redoubt::policy
