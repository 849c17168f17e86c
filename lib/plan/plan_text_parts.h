// The parts of plan_text.h, and the small writer that they share.
#ifndef REDOUBT_PLAN_PLAN_TEXT_PARTS_H_
#define REDOUBT_PLAN_PLAN_TEXT_PARTS_H_

#include <string>
#include <string_view>

#include "base/str.h"
#include "plan/plan.h"

namespace redoubt::plan {

class TextWriter {
 public:
  // The heading is written with the first line below it: empty sections do not appear.
  void section(std::string_view name) { pending_ = name; }

  template <typename... Parts>
  void line(const Parts&... parts) {
    if (!pending_.empty()) {
      append(out_.empty() ? "" : "\n", "[", pending_, "]\n");
      pending_.clear();
    }
    append(parts..., "\n");
  }

  // "name: "text"", unless the text is empty.
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) {
      line(name, ": ", quote(value));
    }
  }

  void flag(std::string_view name, bool value) {
    if (value) {
      line(name);
    }
  }

  std::string take() { return std::move(out_); }

 private:
  template <typename... Parts>
  void append(const Parts&... parts) {
    (append_to(out_, parts), ...);
  }

  std::string out_, pending_;
};

// Four octal digits: "0644".
inline std::string octal(mode_t mode) {
  std::string text;
  for (int shift = 9; shift >= 0; shift -= 3) {
    append_to(text, mode >> shift & 7U);
  }
  return text;
}

void write_rootfs(const Rootfs& rootfs, TextWriter& out);
void write_mounts(const Plan& plan, TextWriter& out);
void write_process(const Process& process, TextWriter& out);
void write_seccomp(std::string_view section, const Seccomp& seccomp, TextWriter& out);
void write_cgroup(const Cgroup& cgroup, TextWriter& out);
void write_hooks(const Plan& plan, TextWriter& out);
void write_hardening(const Plan& plan, TextWriter& out);

}  // namespace redoubt::plan

#endif  // REDOUBT_PLAN_PLAN_TEXT_PARTS_H_
