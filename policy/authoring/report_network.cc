// The network: where it connects to and what it listens on, as a table; families of sockets.
#include <algorithm>
#include <map>

#include "base/str.h"
#include "policy/authoring/report_parts.h"

namespace redoubt::policy {
namespace {

using html::element;
using html::Markup;
using html::text;

constexpr size_t kMaxOpenRows = 24;

uint32_t first_number(const std::string& port) {
  return parse_number<uint32_t>(std::string_view(port).substr(0, port.find('-'))).value_or(0);
}

void add_port(std::vector<std::string>& ports, const std::string& port) {
  const std::string words = port == "0" ? "any that is free" : port == "1-65535" ? "any" : port;
  ports.insert(std::upper_bound(ports.begin(),
                                ports.end(),
                                words,
                                [](const std::string& a, const std::string& b) {
                                  return first_number(a) < first_number(b);
                                }),
               words);
}

ReportPeer peer_of(const Grant& grant, const Document& document) {
  const std::vector<std::string> parts = split(grant.key, ' ');
  ReportPeer peer;
  peer.field = grant.field;
  peer.is_open = parts.size() != 3;
  peer.address = peer.is_open ? "anywhere" : parts[1];
  peer.protocol = peer.is_open ? "any" : parts[0];
  peer.reason = grant.rule == kNoRule ? "no rule bounds it" : document.rules[grant.rule].reason;
  add_port(peer.ports, peer.is_open ? "any" : parts[2]);
  return peer;
}

// Peers of one key are one row.
std::string key_of(const ReportPeer& peer) {
  return concat(info_of(peer.field).path, " ", peer.address, " ", peer.protocol, " ", peer.reason);
}

void add_rows(const ReportFacts& facts, bool is_removed, std::vector<ReportRow>& rows) {
  for (const ReportPeer& peer : peers_of(facts, is_removed)) {
    const bool connects = peer.field == Field::kNetworkConnect;
    const std::string word = concat(is_removed              ? "− "
                                    : facts.is_difference() ? "+ "
                                                            : "",
                                    connects ? "egress" : "listens");
    const Markup risk = peer.severity ? report_badge(risk_severity_word(*peer.severity),
                                                     risk_severity_word(*peer.severity))
                                      : text("–");
    rows.push_back({report_badge(is_removed ? "removed"
                                 : connects ? "write"
                                            : "read",
                                 word),
                    report_code(peer.address),
                    text(peer.protocol),
                    report_code(join(peer.ports, ", ")),
                    risk,
                    report_words(peer.reason)});
  }
}

Markup families_of(const ReportFacts& facts) {
  constexpr Field kField = Field::kNetworkFamilies;
  const std::vector<ReportChip> chips = list_of(facts, kField);
  const bool same = facts.value(kField).present == facts.before(kField).present;
  if (!chips.empty()) {
    return facts.is_difference() && !same ? html::join(report_paragraph(change_of_bound(facts, kField)), report_chips(chips))
                                          : report_chips(chips);
  }
  return report_paragraph(facts.is_difference()         ? change_of_bound(facts, kField)
                          : facts.value(kField).present ? "None."
                                                        : "Every family of the kernel.");
}

size_t digits_at(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') {
    ++count;
  }
  return count;
}

// As a reader counts: 10.0.16.0 before 10.0.112.0.
bool counts_before(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const size_t in_a = digits_at(a);
    const size_t in_b = digits_at(b);
    if (in_a != in_b) {
      return in_a < in_b;
    }
    const size_t length = std::max<size_t>(in_a, 1);
    if (const int order = a.substr(0, length).compare(b.substr(0, length)); order != 0) {
      return order < 0;
    }
    a.remove_prefix(length);
    b.remove_prefix(length);
  }
  return a.empty() && !b.empty();
}

}  // namespace

std::vector<ReportPeer> peers_of(const ReportFacts& facts, bool removed) {
  std::vector<ReportPeer> peers;
  std::map<std::string, size_t> places;
  const Document& document = removed ? facts.input.against : facts.input.subject;
  for (const Grant& grant : removed ? facts.removed : facts.grants) {
    if (grant.field != Field::kNetworkConnect && grant.field != Field::kNetworkBind) {
      continue;
    }
    ReportPeer peer = peer_of(grant, document);
    const auto [place, is_new] = places.emplace(key_of(peer), peers.size());
    if (is_new) {
      peers.push_back(std::move(peer));
    } else {
      add_port(peers[place->second].ports, peer.ports.front());
    }
    const auto severity = facts.severities.find({grant.field, grant.key});
    if (!removed && severity != facts.severities.end()) {
      std::optional<RiskSeverity>& known = peers[place->second].severity;
      known = std::max(known.value_or(severity->second), severity->second);
    }
  }
  std::stable_sort(peers.begin(), peers.end(), [](const ReportPeer& a, const ReportPeer& b) {
    return a.severity != b.severity ? a.severity > b.severity : counts_before(a.address, b.address);
  });
  return peers;
}

Markup report_network(const ReportFacts& facts) {
  std::vector<ReportRow> rows;
  add_rows(facts, false, rows);
  add_rows(facts, true, rows);
  constexpr std::string_view kHeads[] = {
      "Direction", "Address", "Protocol", "Port", "Risk", "Reason"};
  const std::string_view none = facts.is_difference()
                                    ? "No change of addresses or ports."
                                    : "No connection goes out and no port is listened on.";
  const Markup all = report_table("addresses and ports", kHeads, rows);
  const Markup table =
      rows.size() <= kMaxOpenRows
          ? all
          : report_fold(false, text(concat("all ", rows.size(), " addresses")), all);
  const Markup peers =
      rows.empty() ? report_paragraph(none) : html::join(report_graph(facts), table);
  return report_section(
      "network",
      "Network",
      html::join(peers, element("h3", "Families of sockets"), families_of(facts)));
}

}  // namespace redoubt::policy
