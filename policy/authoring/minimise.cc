#include "policy/authoring/minimise.h"

#include <algorithm>
#include <optional>

#include "base/json.h"
#include "base/str.h"
#include "policy/authoring/omissions.h"
#include "policy/document/merge.h"
#include "policy/document/write_document.h"
#include "policy/harden.h"

namespace redoubt::policy {
namespace {

// The meet with itself: no tree or endpoint in another one. The rules are those of the document.
Document canonical(const Document& document) {
  Document out = meet(document, document);
  const size_t count = document.rules.size();
  out.rules.resize(count);
  const auto back = [count](uint32_t& rule) {
    rule = count == 0 ? 0 : static_cast<uint32_t>(rule % count);
  };
  for (FieldValue& value : out.fields) {
    back(value.rule);
    for (Entry& entry : value.entries) {
      back(entry.rule);
    }
  }
  return out;
}

// The field alone, so that a trial costs little, beside the one that it adds to.
Document with_only(const FieldInfo& info, const FieldValue& value, const Document& others) {
  Document document;
  document.rules = others.rules;
  if (info.adds()) {
    document[info.adds_to] = others[info.adds_to];
  }
  document[info.field] = value;
  return document;
}

bool is_best_effort(const Document& document, Field field) {
  return document[field].present && document.rule_of(field).best_effort;
}

// With the field's own rule: what a host cannot enforce is an error or not by that one (harden.cc).
bool means_the_same(Field field, const Document& a, const Document& b) {
  return same_value(info_of(field), a[field], b[field]) &&
         is_best_effort(a, field) == is_best_effort(b, field);
}

bool is_united(FieldType type) {
  return type == FieldType::kDenied || type == FieldType::kNumbers || type == FieldType::kTexts;
}

bool same_entry(const Entry* a, const Entry& b) {
  return a != nullptr && a->number == b.number && a->text == b.text;
}

// The profile's own rules stand for what they say, also where a base says the same.
FieldValue with_own_rules(const FieldInfo& info, FieldValue value, const FieldValue& own) {
  if (!own.present) {
    return value;
  }
  for (Entry& entry : value.entries) {
    const Entry* written = find_entry(own, entry.key);
    entry.rule = same_entry(written, entry) ? written->rule : entry.rule;
  }
  if (!value.entries.empty()) {
    value.rule = value.entries.front().rule;
  } else if (same_value(info, value, own)) {
    value.rule = own.rule;
  }
  return value;
}

class Minimiser {
 public:
  // `mode`: the one that the result has of its own, if any: it decides for all of its rules whether
  // they are best effort.
  Minimiser(const Document& raw, const Document& resolved, const MinimiseBase& base, FieldValue mode)
      : raw_(raw), wanted_(canonical(resolved)), base_(base.document), mode_(std::move(mode)) {
    result_.kind = raw.kind;
    result_.name = raw.name;
    result_.description = raw.description;
    result_.extends = base.extends;
    result_.rules = wanted_.rules;
    const bool best_effort = mode_.present && mode_.number < kModeRequired;
    for (Rule& rule : result_.rules) {
      rule.best_effort = best_effort;
    }
  }

  // kDenied naming the first field for which nothing fits.
  Result<Document> run() {
    for (const FieldInfo& info : field_table()) {
      if (!wanted_[info.field].present && !base_[info.field].present) {
        continue;
      }
      std::optional<FieldValue> shortest = shortest_value(info);
      if (!shortest) {
        return misfit(info);
      }
      result_[info.field] = *std::move(shortest);
    }
    return result_;
  }

 private:
  std::vector<FieldValue> candidates(const FieldInfo& info) const {
    const FieldValue& wanted = wanted_[info.field];
    const FieldValue& base = base_[info.field];
    if (info.field == Field::kMode) {
      return {mode_};
    }
    std::vector<FieldValue> all = {FieldValue()};
    if (!wanted.present) {
      return all;
    }
    all.push_back(with_own_rules(info, wanted, raw_[info.field]));
    if (is_united(info.type) && base.present) {
      FieldValue rest = all.back();
      std::erase_if(rest.entries, [&](const Entry& entry) {
        return same_entry(find_entry(base, entry.key), entry);
      });
      if (!rest.entries.empty()) {  // an empty list says nothing, or cannot be written
        all.push_back(std::move(rest));
      }
    }
    all.push_back(raw_[info.field]);  // a set may be shorter than what a base leaves of it
    return all;
  }

  std::optional<FieldValue> shortest_value(const FieldInfo& info) const {
    std::optional<FieldValue> shortest;
    WrittenSize size;
    for (const FieldValue& candidate : candidates(info)) {
      const Document own = with_only(info, candidate, result_);
      const Document both = canonical(meet(own, with_only(info, base_[info.field], base_)));
      if (!means_the_same(info.field, both, wanted_)) {
        continue;
      }
      const WrittenSize own_size = written_size(own);
      if (!shortest || own_size < size) {
        shortest = candidate;
        size = own_size;
      }
    }
    return shortest;
  }

  Error misfit(const FieldInfo& info) const {
    const FieldValue& theirs = base_[info.field];
    return {ErrorKind::kDenied,
            concat("extends ", join(result_.extends, ", "), ": ", info.path, ": the profile says ",
                   value_text(info, wanted_[info.field]), ", the base ", value_text(info, theirs),
                   theirs.present ? concat(" (", place_of(base_.rule_of(info.field)), ")") : "")};
  }

  const Document& raw_;
  const Document wanted_;
  const Document& base_;
  const FieldValue mode_;
  Document result_;
};

size_t count_rules(const json::Value& value) {
  if (value.find("reason") != nullptr) {
    return 1;
  }
  size_t count = 0;
  if (value.is_object()) {
    for (const json::Member& member : value.as_object()) {
      count += count_rules(member.value);
    }
  } else if (value.is_array()) {
    for (const json::Value& item : value.as_array()) {
      count += count_rules(item);
    }
  }
  return count;
}

}  // namespace

Result<Minimised> minimise(const Document& raw, const Document& resolved, const MinimiseBase& base) {
  TRY(check_conflicts(resolved));
  Result<Document> shortest = Minimiser(raw, resolved, base, FieldValue()).run();
  for (const FieldValue& mode : {raw[Field::kMode], resolved[Field::kMode]}) {
    if (!mode.present) {
      continue;
    }
    Result<Document> with_mode = Minimiser(raw, resolved, base, mode).run();
    if (with_mode && (!shortest || written_size(*with_mode) < written_size(*shortest))) {
      shortest = std::move(with_mode);
    }
  }
  if (!shortest) {
    return std::move(shortest).error();
  }
  return Minimised{*shortest, find_omissions(raw, resolved, *shortest, base.document)};
}

WrittenSize written_size(const Document& document) {
  const json::Value written = to_json(document);
  return {count_rules(written), json::dump(written).size()};
}

}  // namespace redoubt::policy
