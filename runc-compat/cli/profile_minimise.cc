// profile minimise: the shortest profile that means the same, on the base that makes it so.
#include <unistd.h>

#include <algorithm>

#include "base/io.h"
#include "base/str.h"
#include "policy/authoring/minimise.h"
#include "policy/document/merge.h"
#include "policy/document/read_document.h"
#include "policy/document/write_document.h"
#include "runc-compat/cli/output.h"
#include "runc-compat/cli/profile_call.h"

namespace redoubt::cli {
namespace {

using policy::Document;
using policy::MinimiseBase;
using policy::Minimised;

constexpr size_t kMaxDepth = 8;

// Whether a base would be a circle: it is the profile, or extends it by some way.
bool leads_to(launch::PolicyFiles& files, const std::string& base, const std::string& name, size_t depth) {
  if (base == name || depth == kMaxDepth) {
    return true;
  }
  const Result<ProfileDocuments> documents = open_document(files, base);
  return !documents ||
         std::any_of(documents->raw.extends.begin(), documents->raw.extends.end(), [&](const std::string& next) {
           return leads_to(files, next, name, depth + 1);
         });
}

Result<MinimiseBase> open_base(launch::PolicyFiles& files, const std::string& base, const std::string& name) {
  if (!policy::is_profile_name(base)) {
    return Error::invalid(concat("profile minimise: --base: ", quote(base), " is not a profile's name"));
  }
  TRY_ASSIGN(ProfileDocuments documents, open_document(files, base));
  if (leads_to(files, base, name, 0)) {
    return Error::invalid(concat("profile minimise: --base: ", quote(base), " is the profile itself or extends it"));
  }
  return MinimiseBase{{base}, std::move(documents.merged)};
}

// What it extends now comes first, nothing at all last: the first of equal ones is taken.
std::vector<MinimiseBase> open_bases(ProfileCall& call, const ProfileDocuments& documents) {
  std::vector<MinimiseBase> bases;
  if (!documents.raw.extends.empty()) {
    bases.push_back({documents.raw.extends, documents.inherited});
  }
  for (const auto& [name, source] : call.files.list()) {
    Result<MinimiseBase> base = open_base(call.files, name, documents.raw.name);
    if (base) {  // others cannot be extended by anybody: `profile list` says why
      bases.push_back(*std::move(base));
    }
  }
  bases.emplace_back();
  return bases;
}

Result<Minimised> shortest(ProfileCall& call, const ProfileDocuments& documents) {
  const std::string& wish = call.arguments.text(kProfileBaseFlag);
  if (!wish.empty()) {
    TRY_ASSIGN(const MinimiseBase base, open_base(call.files, wish, documents.raw.name));
    return policy::minimise(documents.raw, documents.merged, base).context("profile minimise");
  }
  TRY(policy::check_conflicts(documents.merged).context("profile minimise"));
  Result<Minimised> best = Error::internal("profile minimise: no base fits");
  policy::WrittenSize size;
  for (const MinimiseBase& base : open_bases(call, documents)) {
    Result<Minimised> next = policy::minimise(documents.raw, documents.merged, base);
    if (!next) {
      continue;
    }
    const policy::WrittenSize next_size = policy::written_size(next->document);
    if (!best || next_size < size) {
      best = std::move(next);
      size = next_size;
    }
  }
  return best;
}

// The members that belong to others ("x-...") stay.
void keep_foreign_members(const policy::SourceText& source, json::Value& out) {
  const Result<json::Value> written = json::parse(source.text, source.source);
  if (!written || !written->is_object()) {
    return;  // built in
  }
  for (const json::Member& member : written->as_object()) {
    if (member.key.starts_with("x-")) {
      out.set(member.key, member.value);
    }
  }
}

std::string omissions_text(const Minimised& result, const ReportStyle& style) {
  constexpr size_t kShown = 6;
  std::vector<std::vector<Cell>> rows;
  for (const policy::Omission& omission : result.omitted) {
    const size_t count = omission.what.size();
    const std::vector<std::string> first(omission.what.begin(),
                                         omission.what.begin() + static_cast<ptrdiff_t>(std::min(count, kShown)));
    rows.push_back({{omission.stays ? "stays" : "left out", omission.stays ? Colour::kWarn : Colour::kGood},
                    {omission.field, Colour::kBold},
                    {concat(join(first, " "), count > kShown ? concat(" ... ", count, " in all") : "")},
                    {omission.place, Colour::kFaint},
                    {omission.why}});
  }
  return rows.empty() ? std::string() : format_report({"", "FIELD", "VALUE", "RULE", "WHY"}, rows, style);
}

}  // namespace

Result<int> profile_minimise(ProfileCall& call) {
  TRY_ASSIGN(const ProfileDocuments documents, open_document(call.files, call.words[0]));
  TRY_ASSIGN(const policy::SourceText source, open_source(call.files, call.words[0]));
  TRY_ASSIGN(const Minimised result, shortest(call, documents));
  json::Value out = policy::to_json(result.document);
  keep_foreign_members(source, out);
  TRY(write_output(call, json::dump(out, json::Layout::kIndent2) + "\n"));
  std::string said = call.arguments.flag(kProfileExplainFlag) ? omissions_text(result, call.style) : std::string();
  const std::string bases = join(result.document.extends, ", ");
  said += concat(policy::written_size(result.document).rules, " rules of ", policy::written_size(documents.raw).rules,
                 bases.empty() ? ", extends nothing" : ", extends ", bases, "\n");
  ignore(write_all(STDERR_FILENO, said, "stderr"), "only to look at");
  return 0;
}

}  // namespace redoubt::cli
