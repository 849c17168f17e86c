#include "policy/authoring/risk.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/str.h"
#include "policy/document/merge.h"
#include "tests/unit/policy/documents.h"

namespace redoubt::policy {
namespace {

std::vector<std::string> ids_of(const std::vector<Risk>& risks) {
  std::vector<std::string> ids;
  for (const Risk& risk : risks) {
    ids.emplace_back(risk.info->id);
  }
  return ids;
}

bool has(const std::vector<Risk>& risks, std::string_view id) {
  const std::vector<std::string> ids = ids_of(risks);
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::vector<Risk> risks_in(const Document& document) {
  return risks_of(document, listed_grants(document));
}

std::vector<Risk> added_risks(const std::string& before, const std::string& after) {
  const Document a = document_of(before);
  const Document b = document_of(after);
  return risks_of(b, added_grants(a, b));
}

std::string files(std::string_view list, std::string_view path) {
  return concat(R"(,"files":{")", list, R"(":[{"paths":[")", path, R"("],"reason":"r"}]})");
}

std::string named(std::string_view section, std::string_view list, std::string_view name) {
  return concat(
      R"(,")", section, R"(":{")", list, R"(":[{"names":[")", name, R"("],"reason":"r"}]})");
}

std::string level(std::string_view section, std::string_view field, std::string_view word) {
  return concat(R"(,")", section, R"(":{")", field, R"(":{"value":)", word, R"(,"reason":"r"}})");
}

std::string endpoint(std::string_view list, std::string_view address, std::string_view ports) {
  return concat(R"(,"network":{")",
                list,
                R"(":[{"address":")",
                address,
                R"(","ports":[")",
                ports,
                R"("],"protocol":"tcp","reason":"r"}]})");
}

// A document for each risk, and which it is; those that `standard` raises by being silent.
TEST(Risk, EachIsRaisedByWhatItIsAbout) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"capability-host", named("capabilities", "allow", "CAP_SYS_ADMIN")},
      {"capability-ownership", named("capabilities", "allow", "CAP_CHOWN")},
      {"capability-raw-sockets", named("capabilities", "allow", "CAP_NET_RAW")},
      {"capability-strong", named("capabilities", "allow", "CAP_NET_ADMIN")},
      {"device-of-host", concat(R"(,"devices":{"allow":[{"paths":["/dev/sda"],"reason":"r"}]})")},
      {"egress-anybody", endpoint("connect", "any", "443")},
      {"egress-control-plane", endpoint("connect", "10.0.0.1", "10250")},
      {"egress-everywhere", endpoint("connect", "any", "1-65535")},
      {"egress-metadata", endpoint("connect", "169.254.0.0/16", "80")},
      {"execute-everything", files("execute", "/")},
      {"execute-package-manager", files("execute", "/usr/bin/apt-get")},
      {"execute-shell", files("execute", "/bin/sh")},
      {"execute-temporary", files("execute", "/tmp/x")},
      {"family-rare", named("network", "families", "AF_VSOCK")},
      {"label-unconfined", level("selinux", "type", R"("spc_t")")},
      {"label-unconfined-apparmor", level("apparmor", "profile", R"("unconfined")")},
      {"list-everything", files("read", R"(/usr"],"reason":"r"}],"list":[{"paths":["/)")},
      {"listen-everywhere", endpoint("bind", "any", "1-65535")},
      {"mode-denies-nothing", R"(,"mode":{"value":"audit","reason":"r"})"},
      {"read-everything", files("read", "/")},
      {"read-secret", files("read", "/etc/shadow")},
      {"read-token", files("read", "/run/secrets")},
      {"syscall-rare", named("syscalls", "allow", "vmsplice")},
      {"token-and-egress", files("read", "/run/secrets/kubernetes.io")},
      {"write-accounts", files("write", "/etc/passwd")},
      {"write-boot", files("write", "/boot")},
      {"write-configuration", files("write", "/etc")},
      {"write-everything", files("write", "/")},
      {"write-kernel-settings", files("write", "/proc/sys/net")},
      {"write-persistence", files("write", "/etc/cron.d/job")},
      {"write-programs", files("write", "/usr/lib/x.so")},
      {"write-runtime-socket", files("write", "/run/docker.sock")}};
  std::set<std::string> covered;
  for (const auto& [id, members] : cases) {
    const Document document = document_of(members);
    EXPECT_TRUE(has(risks_of(document, grants_of(document, Document())), id))
        << id << " of " << members;
    covered.insert(id);
  }
  const Document silent;
  const Document standard = document_of(concat(files("masked", "/proc/kcore"), ""));
  for (const Risk& risk : risks_of(silent, grants_of(silent, standard))) {
    covered.insert(std::string(risk.info->id));
  }
  for (const RiskInfo& info : risk_table()) {
    const std::set<std::string> elsewhere = {"capability-no-longer-denied",
                                             "isolation-lost",
                                             "network-rules-bypassed",
                                             "outside-reachable",
                                             "write-and-execute",
                                             "write-host-switches"};
    EXPECT_EQ(covered.count(std::string(info.id)) + elsewhere.count(std::string(info.id)), 1U)
        << info.id;
    EXPECT_FALSE(info.means.empty() || info.means.ends_with('.')) << info.id;
  }
}

TEST(Risk, OfADifferenceIsWhatItAddsOnly) {
  EXPECT_EQ(ids_of(added_risks(files("write", "/etc"), files("write", "/etc/nginx"))),
            std::vector<std::string>());
  EXPECT_TRUE(has(added_risks(files("write", "/etc/nginx"), files("write", "/etc")),
                  "write-configuration"));
  EXPECT_TRUE(has(added_risks(named("capabilities", "deny", "CAP_BPF"), ""),
                  "capability-no-longer-denied"));
  EXPECT_TRUE(
      has(added_risks(R"(,"isolation":{"value":"vm","reason":"r"})", ""), "isolation-lost"));
  EXPECT_TRUE(has(added_risks(named("landlock", "scopes", "signals"), ""), "outside-reachable"));
  EXPECT_TRUE(has(added_risks(files("readonly", "/proc/irq"), ""), "write-host-switches"));
  EXPECT_TRUE(has(
      added_risks(level("kernel", "kexec", R"("deny")"), level("kernel", "kexec", R"("audit")")),
      "kernel-kexec"));
}

TEST(Risk, CombinationsNeedOneNewGrant) {
  const std::string both =
      R"(,"files":{"write":[{"paths":["/srv/app"],"reason":"r"}],"execute":[{"paths":["/srv"],"reason":"r"}]})";
  const std::vector<Risk> risks = added_risks(files("write", "/srv/app"), both);
  EXPECT_FALSE(has(risks, "write-and-execute")) << "execute was open before";
  const std::string other =
      R"(,"files":{"write":[{"paths":["/srv/app"],"reason":"r"}],"execute":[{"paths":["/opt"],"reason":"r"}]})";
  ASSERT_TRUE(has(added_risks(other, both), "write-and-execute"));
  EXPECT_EQ(added_risks(other, both).front().what, "write /srv/app and execute /srv");
  EXPECT_FALSE(has(added_risks(both, both), "write-and-execute"));
  EXPECT_TRUE(has(risks_in(document_of(both)), "write-and-execute"));
  EXPECT_TRUE(has(risks_in(document_of(concat(named("capabilities", "allow", "CAP_NET_RAW"),
                                              endpoint("connect", "10.0.0.1", "443")))),
                  "network-rules-bypassed"));
}

TEST(Risk, TheWorstComeFirst) {
  const std::vector<Risk> risks =
      risks_in(document_of(concat(named("capabilities", "allow", R"(CAP_CHOWN","CAP_SYS_ADMIN)"),
                                  files("write", R"(/usr","/run/docker.sock)"))));
  ASSERT_GE(risks.size(), 3U);
  for (size_t i = 1; i < risks.size(); ++i) {
    EXPECT_GE(risks[i - 1].info->severity, risks[i].info->severity);
  }
  size_t members = 0;
  for (const auto& kind : risks_by_kind(risks)) {
    members += kind.size();
  }
  EXPECT_EQ(members, risks.size());
}

TEST(Risk, WhatIsDeniedElsewhereIsNone) {
  EXPECT_FALSE(has(
      risks_in(document_of(R"(,"capabilities":{"allow":[{"names":["CAP_SYS_ADMIN"],"reason":"r"}],
      "deny":[{"names":["CAP_SYS_ADMIN"],"reason":"r"}]})")),
      "capability-host"));
  EXPECT_FALSE(has(risks_in(document_of(R"(,"files":{"write":[{"paths":["/etc"],"reason":"r"}],
      "readonly":[{"paths":["/etc"],"reason":"r"}]})")),
                   "write-configuration"));
}

// The same randomised documents as the lattice's: what is below another document adds nothing to
// it.
TEST(Grant, ATighterDocumentAddsNothing) {
  RandomDocuments random(20);
  for (int i = 0; i < 300; ++i) {
    const Document a = random.next();
    const Document b = random.next();
    const Document both = meet(a, b);
    for (const Grant& grant : added_grants(a, both)) {
      ADD_FAILURE() << "added to a meet: " << grant_text(grant);
    }
    EXPECT_TRUE(added_grants(both, both).empty());
  }
}

TEST(Grant, ASignOfADifferenceFitsToItsGrants) {
  RandomDocuments random(21);
  const auto of_field = [](const std::vector<Grant>& grants, Field field) {
    return std::any_of(
        grants.begin(), grants.end(), [&](const Grant& g) { return g.field == field; });
  };
  for (int i = 0; i < 300; ++i) {
    const Document a = random.next();
    const Document b = random.next();
    const std::vector<Grant> added = added_grants(a, b);
    const std::vector<Grant> removed = added_grants(b, a);
    for (const Difference& d : differences(a, b)) {
      EXPECT_FALSE(d.sign == '-' && of_field(added, d.field)) << info_of(d.field).path;
      EXPECT_FALSE(d.sign == '+' && of_field(removed, d.field)) << info_of(d.field).path;
    }
  }
}

TEST(Grant, OfAListIsWhatFilesReadDoesNotGrant) {
  const std::string read = R"(,"files":{"read":[{"paths":["/usr"],"reason":"r"}])";
  const auto with = [&](const std::string& paths) {
    return document_of(concat(read, R"(,"list":[{"paths":[)", paths, R"(],"reason":"r"}]})"));
  };
  const Document plain = document_of(read + "}");
  EXPECT_EQ(grants_text(added_grants(plain, with(R"("/srv","/usr/share")")), Field::kFilesList), "list /srv");
  EXPECT_TRUE(added_grants(with(R"("/srv")"), plain).empty());
  EXPECT_EQ(grants_text(added_grants(with(R"("/srv")"), Document()), Field::kFilesList), "");
  EXPECT_EQ(grants_text(grants_of(plain, Document()), Field::kFilesList), "");
  EXPECT_EQ(grants_text(grants_of(with(R"("/srv")"), Document()), Field::kFilesList), "list /srv");
}

TEST(Grant, IsSaidInWords) {
  EXPECT_EQ(endpoint_words("tcp 0.0.0.0/0 443"), "0.0.0.0/0:443/tcp");
  EXPECT_EQ(endpoint_words("udp ::1/128 1-65535"), "[::1]:*/udp");
  EXPECT_EQ(endpoint_words("tcp 10.0.0.1/32 80"), "10.0.0.1:80/tcp");
  const Document a =
      document_of(concat(files("write", "/var/lib"), endpoint("connect", "10.0.0.1", "80")));
  const Document b = document_of(
      concat(files("write", R"(/etc","/var)"), endpoint("connect", "0.0.0.0/0", "443")));
  const std::vector<Grant> added = added_grants(a, b);
  EXPECT_EQ(grants_text(added, Field::kFilesWrite), "write /etc, /var");
  EXPECT_EQ(grants_text(added, Field::kNetworkConnect), "egress 0.0.0.0/0:443/tcp");
  EXPECT_EQ(grants_text(added, Field::kFilesRead), "");
  EXPECT_EQ(grants_text(added_grants(b, Document()), Field::kFilesWrite), "write every file");
}

}  // namespace
}  // namespace redoubt::policy
