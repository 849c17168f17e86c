#include "sandbox/seccomp_join.h"

#include <linux/seccomp.h>

#include <algorithm>

#include "sandbox/seccomp_words.h"

namespace redoubt::sandbox {
namespace {

// As the kernel orders SECCOMP_RET_*: the strictest first.
int mildness(plan::SeccompAction action) {
  switch (action) {
    case plan::SeccompAction::kKillProcess:
      return 0;
    case plan::SeccompAction::kKillThread:
      return 1;
    case plan::SeccompAction::kTrap:
      return 2;
    case plan::SeccompAction::kErrno:
      return 3;
    case plan::SeccompAction::kNotify:
      return 4;
    case plan::SeccompAction::kTrace:
      return 5;
    case plan::SeccompAction::kLog:
      return 6;
    case plan::SeccompAction::kAllow:
      break;
  }
  return 7;
}

// What a filter does but allow: from its strictest to its mildest.
struct Refusals {
  int strictest = mildness(plan::SeccompAction::kAllow);
  int mildest = 0;
  bool has_listener = false;

  void add(plan::SeccompAction action) {
    if (action != plan::SeccompAction::kAllow) {
      strictest = std::min(strictest, mildness(action));
      mildest = std::max(mildest, mildness(action));
      has_listener |= action == plan::SeccompAction::kNotify;
    }
  }
};

Refusals refusals_of(const plan::Seccomp& filter) {
  Refusals refusals;
  refusals.add(filter.default_action);
  // Numbers that no library of the profile's time knew get ENOSYS (seccomp_enosys.h).
  if (mildness(filter.default_action) <= mildness(plan::SeccompAction::kErrno)) {
    refusals.add(plan::SeccompAction::kErrno);
  }
  for (const plan::SeccompRule& rule : filter.rules) {
    refusals.add(rule.action);
  }
  return refusals;
}

// libseccomp kills what calls by an architecture that a filter does not name.
bool names_all_architectures_of(const plan::Seccomp& newer, const plan::Seccomp& older) {
  return std::all_of(
      newer.architectures.begin(), newer.architectures.end(), [&](const std::string& name) {
        return std::find(older.architectures.begin(), older.architectures.end(), name) !=
               older.architectures.end();
      });
}

bool can_join(const SeccompStack& stack, const plan::Seccomp& older) {
  const Refusals refusals = refusals_of(older);
  return !refusals.has_listener &&
         std::all_of(stack.begin(), stack.end(), [&](const plan::Seccomp* newer) {
           const Refusals theirs = refusals_of(*newer);
           return newer->flags == older.flags && !theirs.has_listener &&
                  theirs.mildest <= refusals.strictest && names_all_architectures_of(*newer, older);
         });
}

}  // namespace

std::vector<SeccompStack> stack_filters(const std::vector<const plan::Seccomp*>& filters) {
  std::vector<SeccompStack> stacks;
  for (auto filter = filters.rbegin(); filter != filters.rend(); ++filter) {
    if (!stacks.empty() && can_join(stacks.back(), **filter)) {
      stacks.back().push_back(*filter);
    } else {
      stacks.push_back({*filter});
    }
  }
  std::reverse(stacks.begin(), stacks.end());
  return stacks;
}

std::vector<sock_filter> join_filters(const std::vector<std::vector<sock_filter>>& last_first) {
  std::vector<sock_filter> out;
  for (size_t i = 0; i < last_first.size(); ++i) {
    const bool is_last = i + 1 == last_first.size();
    const size_t end = out.size() + last_first[i].size();
    for (const sock_filter& op : last_first[i]) {
      const bool allows = op.code == kReturn && op.k == SECCOMP_RET_ALLOW;
      const auto rest = static_cast<uint32_t>(end - out.size() - 1);
      out.push_back(allows && !is_last ? sock_filter{kJump, 0, 0, rest} : op);
    }
  }
  return out;
}

}  // namespace redoubt::sandbox
