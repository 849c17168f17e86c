// The network as a small picture (SVG): the workload, an arrow to each peer and one from each port
// that it listens on. The table beside it has the same in words, and all of it.
#include <algorithm>

#include "base/str.h"
#include "policy/authoring/report_parts.h"

namespace redoubt::policy {
namespace {

using html::element;
using html::Markup;

constexpr size_t kMaxPeers = 10;  // of one direction
constexpr size_t kMaxLabel = 30;  // characters of the font for names that fit
constexpr int kWidth = 480;
constexpr int kRow = 30;
constexpr int kPeerX = 176;
constexpr int kBoxWidth = 104;
constexpr int kBoxHeight = 44;

struct Arrow {
  std::string label;
  std::string look;  // class of the style sheet
  bool is_inward = false;
};

std::string short_text(std::string text, size_t most) {
  const size_t half = most / 2;
  return text.size() <= most ? text
                             : concat(std::string_view(text).substr(0, half - 1),
                                      "…",
                                      std::string_view(text).substr(text.size() - half));
}

// "10.0.0.0/8 tcp 80 443 +3": as many ports as fit.
std::string label_of(const ReportPeer& peer) {
  if (peer.is_open) {
    return "anywhere";
  }
  std::string label = concat(short_text(peer.address, 22), " ", peer.protocol);
  size_t shown = 0;
  while (shown < peer.ports.size() && label.size() + 1 + peer.ports[shown].size() <= kMaxLabel) {
    label += concat(" ", peer.ports[shown++]);
  }
  return shown == peer.ports.size() ? label : concat(label, " +", peer.ports.size() - shown);
}

void add_arrows(const std::vector<ReportPeer>& peers,
                Field field,
                std::string_view look,
                std::vector<Arrow>& arrows) {
  size_t count = 0;
  for (const ReportPeer& peer : peers) {
    if (peer.field == field && ++count <= kMaxPeers) {
      arrows.push_back({label_of(peer), std::string(look), field == Field::kNetworkBind});
    }
  }
  if (count > kMaxPeers) {
    arrows.push_back({concat("… ", count - kMaxPeers, " more"),
                      std::string(look),
                      field == Field::kNetworkBind});
  }
}

Markup head_of(int x, int y, bool to_left) {
  const int back = to_left ? x + 9 : x - 9;
  return element(
      "path",
      {{"class", "head"},
       {"d", concat("M", x, " ", y, " L", back, " ", y - 5, " L", back, " ", y + 5, " Z")}},
      Markup());
}

Markup arrow_markup(const Arrow& arrow, int y, int middle) {
  const int from = kBoxWidth;
  const int to = kPeerX - 10;
  const std::string curve = concat(
      "M", from, " ", middle, " C", from + 40, " ", middle, " ", to - 40, " ", y, " ", to, " ", y);
  const Markup head = arrow.is_inward ? head_of(from, middle, true) : head_of(to, y, false);
  return element(
      "g",
      {{"class", concat("arrow ", arrow.look)}},
      html::join(element("path", {{"class", "line"}, {"d", curve}}, Markup()),
                 head,
                 element("text", {{"x", concat(kPeerX)}, {"y", concat(y + 5)}}, arrow.label)));
}

std::vector<Arrow> arrows_of(const ReportFacts& facts) {
  const std::vector<ReportPeer> peers = peers_of(facts, false);
  const std::vector<ReportPeer> gone = peers_of(facts, true);
  std::vector<Arrow> arrows;
  add_arrows(peers, Field::kNetworkBind, "inward", arrows);
  add_arrows(gone, Field::kNetworkBind, "gone", arrows);
  add_arrows(peers, Field::kNetworkConnect, "outward", arrows);
  add_arrows(gone, Field::kNetworkConnect, "gone", arrows);
  return arrows;
}

std::string description_of(const std::vector<Arrow>& arrows) {
  std::vector<std::string> words;
  for (const Arrow& arrow : arrows) {
    words.push_back(concat(arrow.look == "gone" ? "no longer " : "",
                           arrow.is_inward ? "listens on " : "connects to ",
                           arrow.label));
  }
  return concat("The workload ", join(words, "; "), ".");
}

}  // namespace

Markup report_graph(const ReportFacts& facts) {
  const std::vector<Arrow> arrows = arrows_of(facts);
  const int rows = static_cast<int>(arrows.size());
  const int height = std::max(rows * kRow, kBoxHeight) + 8;
  const int middle = height / 2;
  Markup picture = html::join(element("title", {{"id", "graph-title"}}, "Network of the workload"),
                              element("desc", {{"id", "graph-desc"}}, description_of(arrows)));
  const int top = (height - rows * kRow) / 2;
  for (int i = 0; i < rows; ++i) {
    picture.add(arrow_markup(arrows[static_cast<size_t>(i)], top + i * kRow + kRow / 2, middle));
  }
  picture.add(element("rect",
                      {{"class", "box"},
                       {"x", "1"},
                       {"y", concat(middle - kBoxHeight / 2)},
                       {"width", concat(kBoxWidth - 2)},
                       {"height", concat(kBoxHeight)},
                       {"rx", "8"}},
                      Markup()));
  picture.add(element("text",
                      {{"class", "name"},
                       {"x", concat(kBoxWidth / 2)},
                       {"y", concat(middle + 5)},
                       {"text-anchor", "middle"}},
                      "workload"));
  return element("svg",
                 {{"class", "graph"},
                  {"role", "img"},
                  {"aria-labelledby", "graph-title graph-desc"},
                  {"viewBox", concat("0 0 ", kWidth, " ", height)}},
                 picture);
}

}  // namespace redoubt::policy
