// minimise: the shortest document that means what a profile means, on top of a given base. Whatever the
// base says already, or another rule of the profile, is left out; what the profile had from documents
// that it no longer extends is written down.
//
// "Means the same" is exact: each field has the same value when the document is resolved, and is an
// error or a warning as before on a host that cannot enforce it.
#ifndef REDOUBT_POLICY_AUTHORING_MINIMISE_H_
#define REDOUBT_POLICY_AUTHORING_MINIMISE_H_

#include <string>
#include <vector>

#include "base/result.h"
#include "policy/document/document.h"

namespace redoubt::policy {

struct MinimiseBase {
  std::vector<std::string> extends;
  Document document;  // all of them, met
};

// Values of one field that are not in the result, and the rule that makes them needless; or, with
// `stays`, a field that is, although the base has the same: one of the two may be left unenforced by a
// host that cannot (mode "preferred"), the other may not.
struct Omission {
  std::string field;
  std::vector<std::string> what;
  std::string place;
  std::string why;
  bool stays = false;
};

struct Minimised {
  Document document;
  std::vector<Omission> omitted;
};

// `raw` is the profile as written, `resolved` with all that it extends. kDenied when no document on
// this base can mean the same: the base is tighter somewhere, which the error names.
Result<Minimised> minimise(const Document& raw, const Document& resolved, const MinimiseBase& base);

// The rules of the document as it would be written, and its bytes: the smaller pair is the shorter one.
struct WrittenSize {
  size_t rules = 0;
  size_t bytes = 0;
  auto operator<=>(const WrittenSize&) const = default;
};
WrittenSize written_size(const Document& document);

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_MINIMISE_H_
