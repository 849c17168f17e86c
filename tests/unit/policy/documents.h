// Policy documents for the tests: read from text, or made at random over the whole table of fields.
#ifndef REDOUBT_TESTS_UNIT_POLICY_DOCUMENTS_H_
#define REDOUBT_TESTS_UNIT_POLICY_DOCUMENTS_H_

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/str.h"
#include "policy/document/document.h"
#include "policy/document/read_document.h"
#include "policy/effective.h"

namespace redoubt::policy {

// A profile with these members (JSON text, with a leading comma each).
inline std::string profile_text(const std::string& members, const std::string& name = "p") {
  return concat(
      R"({"apiVersion":"redoubt.io/v1","kind":"Profile","name":")", name, "\"", members, "}");
}

inline std::string node_text(const std::string& members) {
  return concat(R"({"apiVersion":"redoubt.io/v1","kind":"NodePolicy")", members, "}");
}

inline Document document_of(const std::string& members) {
  Result<Document> document = read_document(profile_text(members), "test.json");
  EXPECT_TRUE(document.has_value()) << document.error().message();
  return document ? *document : Document();
}

// The profiles inside of the program, and one more under the name "p".
inline ProfileLookup lookup_with(const std::string& text = "") {
  return [text](const std::string& name) -> Result<std::optional<SourceText>> {
    if (name == "p" && !text.empty()) {
      return std::optional<SourceText>({text, "p.json"});
    }
    return find_embedded_profile(name);
  };
}

// Small pools, so that random documents have something in common.
class RandomDocuments {
 public:
  explicit RandomDocuments(uint32_t seed) : random_(seed) {}

  Document next(int presence_percent = 50) {
    Document document;
    document.rules.push_back({"random", 1, "test"});
    for (const FieldInfo& info : field_table()) {
      if (below(100) < static_cast<uint32_t>(presence_percent)) {
        fill(info, document[info.field]);
        drop_covered(info, document);
      }
    }
    return document;
  }

  uint32_t below(uint32_t end) { return std::uniform_int_distribution<uint32_t>(0, end - 1)(random_); }

 private:
  void fill(const FieldInfo& info, FieldValue& value) {
    value.present = true;
    switch (info.type) {
      case FieldType::kFlag:
        value.number = below(2);
        break;
      case FieldType::kLevel:
        value.number = below(static_cast<uint32_t>(info.words.size()));
        break;
      case FieldType::kNumber:
        value.number = (1 + below(4)) * (info.vocabulary == Vocabulary::kMemorySize ? uint64_t{1} << 29 : 1);
        break;
      case FieldType::kText:
        value.text = info.vocabulary == Vocabulary::kPath ? "/" : "";
        value.text += static_cast<char>('a' + below(3));
        if (info.vocabulary == Vocabulary::kDigest) {
          value.text = concat("sha256:", std::string(64, value.text.front()));
        }
        break;
      default:
        fill_entries(info, value);
        break;
    }
  }

  void fill_entries(const FieldInfo& info, FieldValue& value) {
    const uint32_t count = below(5);
    for (uint32_t i = 0; i < count; ++i) {
      Entry entry;
      entry.key = key_for(info);
      entry.number = info.type == FieldType::kNumbers ? below(4) : 0;
      entry.text = info.type == FieldType::kTexts ? std::string(1, static_cast<char>('0' + below(3))) : "";
      value.entries.push_back(entry);
    }
    const auto by_key = [](const Entry& a, const Entry& b) { return a.key < b.key; };
    std::sort(value.entries.begin(), value.entries.end(), by_key);
    value.entries.erase(std::unique(value.entries.begin(),
                                    value.entries.end(),
                                    [](const Entry& a, const Entry& b) { return a.key == b.key; }),
                        value.entries.end());
  }

  // A set of trees or endpoints is canonical when none lies in another, or in one that it adds to.
  void drop_covered(const FieldInfo& info, Document& document);

  // Names that exist, so that the documents can be written and read again.
  static std::vector<std::string> pool_of(const FieldInfo& info) {
    if (info.type == FieldType::kEndpoints) {
      return {"tcp 0.0.0.0/0 1-65535", "tcp 10.0.0.0/8 443", "tcp 10.1.0.0/16 400-500",
              "tcp 10.1.2.3/32 443",   "udp ::/0 53",        "tcp ::/0 80"};
    }
    switch (info.vocabulary) {
      case Vocabulary::kCapability:
        return {"CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_NET_RAW", "CAP_SYS_ADMIN", "CAP_BPF"};
      case Vocabulary::kSyscall:
        return {"read", "write", "openat", "execve", "mount", "bpf"};
      case Vocabulary::kFamily:
        return {"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_ALG", "AF_VSOCK"};
      case Vocabulary::kRlimit:
        return {"RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_NPROC"};
      case Vocabulary::kScope:
        return {"abstract-unix-sockets", "signals"};
      case Vocabulary::kProfile:
        return {"builder", "database", "default", "jit", "restricted", "web-server"};
      case Vocabulary::kPublicKey:
        return {"ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "ed25519:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
      case Vocabulary::kSysctl:
        return {"kernel.shm_rmid_forced", "net.ipv4.ip_forward", "net.ipv4.ip_default_ttl"};
      default:
        return {"/", "/a", "/a/b", "/a/b/c", "/ab", "/d"};
    }
  }

  std::string key_for(const FieldInfo& info) {
    const std::vector<std::string> pool = pool_of(info);
    return pool[below(static_cast<uint32_t>(pool.size()))];
  }

  std::mt19937 random_;
};

}  // namespace redoubt::policy

#include "policy/document/merge.h"

namespace redoubt::policy {

// The meet with itself is the canonical form.
inline void RandomDocuments::drop_covered(const FieldInfo& info, Document& document) {
  Document alone;
  alone[info.field] = document[info.field];
  if (info.adds()) {
    alone[info.adds_to] = document[info.adds_to];
  }
  document[info.field] = meet(alone, alone)[info.field];
}

}  // namespace redoubt::policy

#endif  // REDOUBT_TESTS_UNIT_POLICY_DOCUMENTS_H_
