// What the files of the CIL writer share: the text that grows, and the names of the reference policy.
// Used by selinux_*.cc only.
#ifndef REDOUBT_POLICY_AUTHORING_SELINUX_WRITER_H_
#define REDOUBT_POLICY_AUTHORING_SELINUX_WRITER_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/str.h"
#include "policy/authoring/conversion.h"

namespace redoubt::policy {

struct CilWriter {
  const Document& merged;
  std::string rootfs;
  std::string text;
  std::vector<Note> notes;
  int optionals = 0;

  void line(const auto&... parts) { text += concat("  ", parts..., "\n"); }
  // A statement that is dropped where the policy lacks one of its names.
  void optional(const auto&... parts) { line("(optional o", ++optionals, " ", parts..., ")"); }
  void part(std::string_view comment) { text += concat("\n  ; ", comment, "\n"); }
  void note(Effect effect, Field field, std::string_view what) {
    const std::string path(info_of(field).path);
    notes.push_back({effect, place_of(merged.rule_of(field)), concat(path, ": ", what), path});
  }
};

// The types of files, their access and, with a rootfs, their labels by path.
void write_cil_files(CilWriter& w);

// The tables of selinux_tables.cc.
struct CilFamily {
  std::string_view family;
  std::string_view classes;  // of its sockets, with blanks between them
};
std::span<const CilFamily> cil_families();

struct CilPort {
  bool udp;
  uint16_t port;
  std::string_view type;
};
std::span<const CilPort> cil_ports();

struct CilSurface {
  Field field;              // that must not deny it
  std::string_view target;  // "self" or an attribute
  std::string_view access;  // class and permissions
};
std::span<const CilSurface> cil_surfaces();

}  // namespace redoubt::policy

#endif  // REDOUBT_POLICY_AUTHORING_SELINUX_WRITER_H_
