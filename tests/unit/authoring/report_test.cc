#include "policy/authoring/report.h"

#include <gtest/gtest.h>

#include "base/str.h"
#include "base/utf8.h"
#include "policy/authoring/recording_document.h"
#include "policy/authoring/syscall_classes.h"
#include "policy/document/syscall_sets.h"
#include "policy/surface_table.h"
#include "tests/unit/policy/documents.h"

namespace redoubt::policy {
namespace {

// What a browser needs to build the same tree: every element that opens is closed, in order.
std::string nesting_problem(const std::string& page) {
  std::vector<std::string> open;
  for (size_t i = page.find("<body"); (i = page.find('<', i)) != std::string::npos; ++i) {
    const bool closes = page[i + 1] == '/';
    const size_t start = i + (closes ? 2 : 1);
    const std::string name = page.substr(start, page.find_first_of(" >", start) - start);
    if (!closes) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return concat(
          "</", name, "> at byte ", i, " closes ", open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
    if (name == "body" && closes) {
      return open.empty() ? "" : "open at the end";
    }
  }
  return "no end";
}

Document standard() {
  const Result<Document> loaded = load_profile(lookup_with(), "default");
  return loaded ? *loaded : Document();
}

std::string profile_page(const Document& document) {
  const Document against = standard();
  return report_page({ReportKind::kProfile, "p", "d", "default", document, against});
}

std::string recording_page(const Recording& recording) {
  const Document against = standard();
  const Document seen = document_of(recording, "r.json");
  return report_page({ReportKind::kRecording, "r.json", "", "default", seen, against, &recording});
}

TEST(Report, EveryShippedProfileMakesAWholePage) {
  for (const EmbeddedProfile& profile : embedded_profiles()) {
    const Result<Document> document = load_profile(lookup_with(), std::string(profile.name));
    ASSERT_TRUE(document) << profile.name;
    const std::string page = profile_page(*document);
    EXPECT_EQ(nesting_problem(page), "") << profile.name;
    for (const char* id : {"risks",
                           "summary",
                           "files",
                           "network",
                           "capabilities",
                           "syscalls",
                           "kernel",
                           "limits",
                           "rules"}) {
      EXPECT_NE(page.find(concat("<section id=\"", id, "\"")), std::string::npos) << id;
    }
    EXPECT_LT(page.find("id=\"risks\""), page.find("id=\"summary\""));
    EXPECT_EQ(page.find("http"), page.find("http-equiv")) << "an address of elsewhere";
  }
}

TEST(Report, AnEmptyDocumentSaysThatNothingIsBounded) {
  const std::string page = profile_page(Document());
  EXPECT_EQ(nesting_problem(page), "");
  EXPECT_NE(page.find("write-unbounded"), std::string::npos);
  EXPECT_NE(page.find("syscall-unbounded"), std::string::npos);
}

TEST(Report, HostileNamesStayText) {
  Recording recording;
  RecordedRun run;
  run.command = {"</script><script>alert(1)</script>",
                 "\" onload=\"x",
                 "\xe2\x80\xae"
                 "evil",
                 "\xff\xfe"};
  run.kernel = "<img src=x onerror=alert(1)>";
  recording.runs.push_back(run);
  recording.lost = {"<b>lost</b>", "\x1b[31m"};
  for (const char* path : {"/<script>alert(1)</script>",
                           "/a\"b'c&d",
                           "/\xe2\x80\xae"
                           "txt.exe",
                           "/x</code></li></ul>"}) {
    recording.add(Section::kFiles, {path, "rwx", true, true});
    recording.add(Section::kPrograms, {path, "", true, true});
  }
  recording.settle();
  const std::string page = recording_page(recording);
  EXPECT_EQ(nesting_problem(page), "");
  EXPECT_EQ(find_invalid_utf8(page), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find(" onload=\""), std::string::npos);
  EXPECT_EQ(page.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_NE(page.find("\\u202e"), std::string::npos);
  EXPECT_NE(page.find("not complete"), std::string::npos);
}

TEST(Report, IsBoundedForAHundredThousandOfEverything) {
  Recording recording;
  recording.runs.resize(200);
  for (RecordedRun& run : recording.runs) {
    run.command.assign(50, std::string(4000, '<'));
  }
  for (int i = 0; i < 100000; ++i) {
    recording.add(Section::kFiles, {concat("/usr/lib/", i % 317, "/", i), "rw", true, false});
    recording.add(Section::kPrograms, {concat("/opt/", i), "", true, false});
  }
  for (int i = 0; i < 20000; ++i) {
    recording.add(
        Section::kConnect,
        {concat("tcp 10.", i / 250 % 250, ".", i % 250, ".1 ", 1 + i % 60000), "", true, false});
  }
  recording.lost.assign(1000, std::string(4000, '&'));
  recording.settle();
  const std::string page = recording_page(recording);
  EXPECT_LT(page.size(), size_t{3} << 20);
  EXPECT_EQ(nesting_problem(page), "");
}

TEST(Report, OfADifferenceNamesWhatComesAndGoes) {
  const Document before = document_of(R"(,"files":{"write":[{"paths":["/var/cache"],"reason":"r"}]},
    "network":{"connect":[{"address":"10.0.0.0/8","ports":["443"],"protocol":"tcp","reason":"r"}]})");
  const Document after = document_of(R"(,"files":{"write":[{"paths":["/etc"],"reason":"why"}]})");
  const std::string page = report_page({ReportKind::kDifference, "b", "", "a", after, before});
  EXPECT_EQ(nesting_problem(page), "");
  EXPECT_NE(page.find("write /etc"), std::string::npos);
  EXPECT_NE(page.find("write /var/cache"), std::string::npos);
  EXPECT_NE(page.find("egress to any address and port"), std::string::npos);
  EXPECT_NE(page.find("id=\"changes\""), std::string::npos);
}

TEST(Report, SaysThatADifferenceBoundsWhatWasNotBounded) {
  const Document open = document_of("");
  const Document bounded = document_of(R"(,"files":{"execute":[{"paths":["/opt/tool"],"reason":"r"}]},
    "capabilities":{"allow":[{"names":["CAP_CHOWN"],"reason":"r"}]})");
  const std::string narrowed = report_page({ReportKind::kDifference, "b", "", "a", bounded, open});
  EXPECT_EQ(nesting_problem(narrowed), "");
  EXPECT_NE(narrowed.find("Before, this was not bounded. Now:"), std::string::npos);
  EXPECT_NE(narrowed.find("1 path, before: anything that file modes allow"), std::string::npos);
  EXPECT_NE(narrowed.find("At most 1 of 41. Before: any that config.json asks for."), std::string::npos);
  EXPECT_NE(narrowed.find("<code>/opt/tool</code>"), std::string::npos);
  EXPECT_NE(narrowed.find("<code>CAP_CHOWN</code>"), std::string::npos);
  const std::string widened = report_page({ReportKind::kDifference, "b", "", "a", open, bounded});
  EXPECT_NE(widened.find("This is no longer bounded."), std::string::npos);
  EXPECT_NE(widened.find("anything that file modes allow, before: 1 path"), std::string::npos);
}

TEST(Report, CountsAddressesAsAReaderDoes) {
  const Result<Document> document = read_document(R"({"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "p", "network": {"connect": [
{"address": "10.0.112.0/24", "ports": ["443"], "protocol": "tcp", "reason": "r"},
{"address": "10.0.9.0/24", "ports": ["443"], "protocol": "tcp", "reason": "r"},
{"address": "10.0.16.0/24", "ports": ["443"], "protocol": "tcp", "reason": "r"}]}})", "p.json");
  ASSERT_TRUE(document) << document.error().message();
  const std::string page = profile_page(*document);
  EXPECT_LT(page.find("10.0.9.0/24 tcp"), page.find("10.0.16.0/24 tcp"));
  EXPECT_LT(page.find("10.0.16.0/24 tcp"), page.find("10.0.112.0/24 tcp"));
}

TEST(Report, EachSystemCallOfContainersHasOneClass) {
  std::vector<std::string_view> all;
  for (const SyscallClass& kind : syscall_classes()) {
    all.insert(all.end(), kind.syscalls.begin(), kind.syscalls.end());
  }
  std::sort(all.begin(), all.end());
  const auto known = find_syscall_set("@container")->syscalls;
  EXPECT_TRUE(std::equal(all.begin(), all.end(), known.begin(), known.end()));
}

TEST(RecordingDocument, ListsWhatWasSeenAndWhen) {
  Recording recording;
  recording.runs.resize(3);
  recording.add(Section::kFiles, {"/a", "rc", true, false, 2});
  recording.add(Section::kFiles, {"/srv", "dr", true, false, 2});
  recording.add(Section::kSyscalls, {"bpf", "", true, true, 3});
  recording.add(Section::kBind, {"tcp 0.0.0.0 0", "", true, true, 1});
  recording.settle();
  const Document document = document_of(recording, "r.json");
  ASSERT_NE(find_entry(document[Field::kFilesRead], "/a"), nullptr);
  ASSERT_NE(find_entry(document[Field::kFilesWrite], "/a"), nullptr);
  EXPECT_EQ(find_entry(document[Field::kFilesRead], "/srv"), nullptr);
  EXPECT_NE(find_entry(document[Field::kFilesList], "/srv"), nullptr);
  EXPECT_TRUE(document[Field::kFilesExecute].present &&
              document[Field::kFilesExecute].entries.empty());
  EXPECT_TRUE(document[Field::kBpf].present);
  EXPECT_EQ(document.level(Field::kBpf), 0U);
  EXPECT_FALSE(document[Field::kKexec].present);
  EXPECT_EQ(document.rules[find_entry(document[Field::kFilesRead], "/a")->rule].reason,
            "seen at start, in 2 of 3 runs");
}

}  // namespace
}  // namespace redoubt::policy
