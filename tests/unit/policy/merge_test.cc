// The lattice: laws over random documents of the whole table of fields, and the values that matter.
#include "policy/document/merge.h"

#include <gtest/gtest.h>

#include "documents.h"

namespace redoubt::policy {
namespace {

constexpr int kRounds = 3000;

testing::AssertionResult same(const Document& a, const Document& b) {
  for (const FieldInfo& info : field_table()) {
    if (!same_value(info, a[info.field], b[info.field])) {
      return testing::AssertionFailure() << info.path << ": " << value_text(info, a[info.field])
                                         << " and " << value_text(info, b[info.field]);
    }
  }
  return testing::AssertionSuccess();
}

TEST(Meet, IsIdempotentCommutativeAndAssociative) {
  RandomDocuments random(1);
  for (int i = 0; i < kRounds; ++i) {
    const Document a = random.next();
    const Document b = random.next();
    const Document c = random.next();
    ASSERT_TRUE(same(meet(a, a), a));
    ASSERT_TRUE(same(meet(a, b), meet(b, a)));
    ASSERT_TRUE(same(meet(meet(a, b), c), meet(a, meet(b, c))));
  }
}

TEST(Meet, IsBelowEachInput) {
  RandomDocuments random(2);
  for (int i = 0; i < kRounds; ++i) {
    const Document a = random.next();
    const Document b = random.next();
    const Document both = meet(a, b);
    ASSERT_TRUE(wider_fields(both, a).empty());
    ASSERT_TRUE(wider_fields(both, b).empty());
  }
}

TEST(Meet, WithNoOpinionChangesNothing) {
  RandomDocuments random(3);
  for (int i = 0; i < kRounds; ++i) {
    const Document a = random.next();
    ASSERT_TRUE(same(meet(a, Document()), a));
  }
}

TEST(Meet, IntersectsTreesAndEndpoints) {
  const Document a = document_of(
      R"(,"files":{"write":[{"paths":["/var","/tmp/x"],"reason":"r"}]},)"
      R"("network":{"connect":[{"address":"10.0.0.0/8","ports":["1-500"],"protocol":"tcp","reason":"r"}]})");
  const Document b = document_of(
      R"(,"files":{"write":[{"paths":["/var/lib","/tmp","/variable"],"reason":"r"}]},)"
      R"("network":{"connect":[{"address":"10.2.0.0/16","ports":["443"],"reason":"r"}]})");
  const Document both = meet(a, b);
  EXPECT_EQ(value_text(info_of(Field::kFilesWrite), both[Field::kFilesWrite]), "/tmp/x, /var/lib");
  EXPECT_EQ(value_text(info_of(Field::kNetworkConnect), both[Field::kNetworkConnect]),
            "tcp 10.2.0.0/16 443");
}

TEST(Meet, KeepsTheFirstSourceOfEqualValues) {
  const Document a = document_of(R"(,"kernel":{"bpf":{"value":"deny","reason":"first"}})");
  const Document b = document_of(R"(,"kernel":{"bpf":{"value":"deny","reason":"second"}})");
  EXPECT_EQ(meet(a, b).rule_of(Field::kBpf).reason, "first");
  const Document weak = document_of(R"(,"kernel":{"bpf":{"value":"audit","reason":"weak"}})");
  EXPECT_EQ(meet(weak, b).rule_of(Field::kBpf).reason, "second");
}

TEST(CheckConflicts, NamesFieldAndBothValues) {
  const Document a = document_of(R"(,"selinux":{"type":{"value":"a_t","reason":"r"}})");
  const Document b = document_of(R"(,"selinux":{"type":{"value":"b_t","reason":"r"}})");
  EXPECT_TRUE(check_conflicts(meet(a, a)).has_value());
  const Status status = check_conflicts(meet(a, b));
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().message(), R"(selinux.type: sources disagree: "a_t" and "b_t")");
}

TEST(Differences, SayWhatIsWiderAndTighter) {
  const Document a = document_of(R"(,"kernel":{"bpf":{"value":"deny","reason":"r"}})");
  const Document b = document_of(R"(,"kernel":{"perf":{"value":"deny","reason":"r"}})");
  const std::vector<Difference> found = differences(a, b);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].field, Field::kBpf);
  EXPECT_EQ(found[0].sign, '+');
  EXPECT_EQ(found[1].field, Field::kPerf);
  EXPECT_EQ(found[1].sign, '-');
}

// What lies in another entry of the same list adds nothing, to nobody.
TEST(Differences, DoNotSeeWhatIsCovered) {
  const Document a = document_of(R"(,"files":{"write":[{"paths":["/var","/var/log"],"reason":"r"}]})");
  const Document b = document_of(R"(,"files":{"write":[{"paths":["/var"],"reason":"r"}]})");
  EXPECT_TRUE(differences(a, b).empty());
  EXPECT_TRUE(differences(b, a).empty());
  EXPECT_TRUE(wider_fields(a, b).empty());
  EXPECT_TRUE(wider_fields(b, a).empty());
  const Document narrower = document_of(R"(,"files":{"write":[{"paths":["/var/log"],"reason":"r"}]})");
  EXPECT_EQ(wider_fields(a, narrower).size(), 1U);
}

Document files_of(const std::string& read, const std::string& list) {
  const auto member = [](const char* name, const std::string& paths) {
    return paths.empty() ? "" : concat("\"", name, R"(":[{"paths":[)", paths, R"(],"reason":"r"}])");
  };
  const std::string comma = read.empty() || list.empty() ? "" : ",";
  return document_of(concat(R"(,"files":{)", member("read", read), comma, member("list", list), "}"));
}

// files.list adds to files.read: what is met is what both of them let be listed.
TEST(Meet, OfWhatAddsIsOfWhatIsGranted) {
  const auto listed = [](const Document& a, const Document& b) {
    return value_text(info_of(Field::kFilesList), meet(a, b)[Field::kFilesList]);
  };
  const Document narrow = files_of(R"("/usr")", "");
  const Document wide = files_of(R"("/usr/lib","/var")", R"("/")");
  EXPECT_EQ(listed(narrow, wide), "/usr");
  EXPECT_EQ(listed(wide, narrow), "/usr");
  EXPECT_EQ(listed(wide, wide), "/");
  EXPECT_FALSE(meet(narrow, files_of("", R"("/")"))[Field::kFilesList].present);
  EXPECT_FALSE(meet(narrow, files_of(R"("/")", ""))[Field::kFilesList].present);
  EXPECT_EQ(listed(wide, files_of(R"("/")", "")), "/");
}

TEST(WiderFields, SeeALongerListAndNotOneThatChangesNothing) {
  using Fields = std::vector<Field>;
  const Document plain = files_of(R"("/usr")", "");
  EXPECT_EQ(wider_fields(files_of(R"("/usr")", R"("/")"), plain), Fields{Field::kFilesList});
  EXPECT_EQ(wider_fields(files_of("", R"("/")"), plain), (Fields{Field::kFilesRead, Field::kFilesList}));
  EXPECT_TRUE(wider_fields(files_of(R"("/usr")", R"("/usr/share")"), plain).empty());
  EXPECT_TRUE(wider_fields(plain, files_of(R"("/usr")", R"("/usr/share")")).empty());
  EXPECT_TRUE(wider_fields(files_of(R"("/usr/lib")", R"("/usr")"), plain).empty());
  EXPECT_TRUE(differences(plain, files_of(R"("/usr")", R"("/usr/share")")).empty());
  const std::vector<Difference> more = differences(plain, files_of(R"("/usr")", R"("/srv")"));
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(more[0].sign, '+');
}

}  // namespace
}  // namespace redoubt::policy
