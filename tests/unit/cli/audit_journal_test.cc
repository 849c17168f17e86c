// A violation as the fields of a journal record.
#include "runc-compat/cli/audit_journal.h"

#include <errno.h>
#include <linux/landlock.h>
#include <string.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str.h"
#include "runc-compat/cli/audit.h"

namespace redoubt::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

redoubt_event violation() {
  redoubt_event event = {};
  event.sequence = 42;
  event.cgroup = 77;
  event.surface = REDOUBT_SURFACE_FILELESS_EXEC;
  event.denied = 1;
  event.error = EPERM;
  event.hook = REDOUBT_HOOK_bprm_creds_for_exec;
  event.pid = 123;
  event.tid = 124;
  event.uid = 1000;
  ::strcpy(event.object, "memfd:x");
  ::strcpy(event.comm, "surface");
  ::strcpy(event.container, "web1");
  event.ancestors[0].pid = 17;
  ::strcpy(event.ancestors[0].comm, "sh");
  event.ancestors[1].pid = 3;
  ::strcpy(event.ancestors[1].comm, "shim");
  return event;
}

std::string record_of(const redoubt_event& event, const std::string& source = "") {
  const ViolationRule rule{.control = "kernel.filelessExec", .source = source, .syscall = ""};
  return concat("\n", journal_record(violation_document(event, rule)).bytes());
}

redoubt_event refused_call() {
  redoubt_event event = violation();
  event.hook = REDOUBT_HOOK_audit_seccomp;
  event.surface = REDOUBT_SURFACE_COUNT;
  event.error = ENOSYS;
  event.detail = 425;
  event.arguments[0] = 8;
  return event;
}

TEST(JournalRecordOfViolation, HasAFieldForEachFact) {
  const std::string record = record_of(violation(), "profiles/default.json:12");
  for (const char* field : {"PRIORITY=4",
                            "SYSLOG_IDENTIFIER=redoubt",
                            "MESSAGE_ID=55db354689004e2e8ab78eb1c849c87e",
                            "REDOUBT_ANCESTRY=sh[17] shim[3]",
                            "REDOUBT_CGROUP=77",
                            "REDOUBT_COMM=surface",
                            "REDOUBT_CONTAINER=web1",
                            "REDOUBT_DETAIL=0",
                            "REDOUBT_ERRNO=EPERM",
                            "REDOUBT_HOOK=bprm_creds_for_exec",
                            "REDOUBT_LAYER=bpf-lsm",
                            "REDOUBT_OBJECT=memfd:x",
                            "REDOUBT_PID=123",
                            "REDOUBT_RULE=kernel.filelessExec",
                            "REDOUBT_SEQUENCE=42",
                            "REDOUBT_SOURCE=profiles/default.json:12",
                            "REDOUBT_TID=124",
                            "REDOUBT_UID=1000",
                            "REDOUBT_VERDICT=denied"}) {
    EXPECT_THAT(record, HasSubstr(concat("\n", field, "\n")));
  }
  EXPECT_THAT(record, HasSubstr("\nREDOUBT_TIME=2"));
}

TEST(JournalRecordOfViolation, IsReadable) {
  EXPECT_THAT(record_of(violation()),
              StartsWith("\nMESSAGE=web1: denied by kernel.filelessExec: bprm_creds_for_exec of "
                         "\"memfd:x\" by \"surface\" (pid 123, uid 1000)\n"));
}

TEST(JournalRecordOfViolation, LeavesOutWhatIsNotKnown) {
  redoubt_event event = violation();
  event.denied = 0;
  event.error = 0;
  event.object[0] = '\0';
  const std::string record = record_of(event);
  EXPECT_THAT(record, AllOf(HasSubstr("\nPRIORITY=5\n"), HasSubstr("\nREDOUBT_VERDICT=audited\n")));
  EXPECT_THAT(record, Not(HasSubstr("REDOUBT_OBJECT")));
  EXPECT_THAT(record, Not(HasSubstr("REDOUBT_ERRNO")));
  EXPECT_THAT(record, Not(HasSubstr("REDOUBT_SOURCE")));
}

TEST(JournalRecordOfViolation, NamesTheSystemCallThatAFilterRefused) {
  const ViolationRule rule{"kernel.ioUring", "profiles/default.json:7", "io_uring_setup"};
  const json::Value document = violation_document(refused_call(), rule);
  const std::string record = concat("\n", journal_record(document).bytes());
  for (const char* field : {"REDOUBT_LAYER=seccomp",
                            "REDOUBT_HOOK=audit_seccomp",
                            "REDOUBT_OBJECT=io_uring_setup",
                            "REDOUBT_DETAIL=425",
                            "REDOUBT_ERRNO=ENOSYS",
                            "REDOUBT_RULE=kernel.ioUring",
                            "REDOUBT_SOURCE=profiles/default.json:7"}) {
    EXPECT_THAT(record, HasSubstr(concat("\n", field, "\n")));
  }
  EXPECT_THAT(json::dump(document), HasSubstr("\"arguments\":[8,0]"));
}

TEST(JournalRecordOfViolation, SaysSoWhenNoRuleOfOursRefused) {
  const json::Value document = violation_document(refused_call(), {"", "", "getppid"});
  EXPECT_THAT(concat("\n", journal_record(document).bytes()),
              StartsWith("\nMESSAGE=web1: denied: audit_seccomp of \"getppid\" by \"surface\""));
}

redoubt_event refused_file(uint32_t hook, uint64_t wanted) {
  redoubt_event event = violation();
  event.hook = hook;
  event.surface = REDOUBT_SURFACE_COUNT;
  event.error = EACCES;
  event.detail = wanted | wanted << REDOUBT_LACKING;
  event.object[0] = '\0';
  return event;
}

TEST(JournalRecordOfViolation, NamesTheFileThatLandlockRefused) {
  const ViolationRule rule{"files.read", "web.json:7", "", bpf::RefusedPaths{"/etc/shadow", "", true}};
  const json::Value document = violation_document(refused_file(REDOUBT_HOOK_hook_file_open, LANDLOCK_ACCESS_FS_READ_FILE), rule);
  const std::string record = concat("\n", journal_record(document).bytes());
  for (const char* field : {"REDOUBT_LAYER=landlock",
                            "REDOUBT_HOOK=hook_file_open",
                            "REDOUBT_OPERATION=open",
                            "REDOUBT_OBJECT=/etc/shadow",
                            "REDOUBT_ACCESS=[\"read_file\"]",
                            "REDOUBT_ERRNO=EACCES",
                            "REDOUBT_RULE=files.read",
                            "REDOUBT_SOURCE=web.json:7"}) {
    EXPECT_THAT(record, HasSubstr(concat("\n", field, "\n")));
  }
  EXPECT_THAT(record, AllOf(Not(HasSubstr("REDOUBT_TARGET")), Not(HasSubstr("REDOUBT_TRUNCATED"))));
}

TEST(JournalRecordOfViolation, HasBothNamesOfARename) {
  const ViolationRule rule{"files.write", "web.json:7", "", bpf::RefusedPaths{"/data/f", "/other/f", true}};
  const json::Value document = violation_document(refused_file(REDOUBT_HOOK_hook_path_rename, LANDLOCK_ACCESS_FS_REFER), rule);
  EXPECT_THAT(json::dump(document),
              AllOf(HasSubstr(R"("operation":"rename")"), HasSubstr(R"("object":"/data/f")"), HasSubstr(R"("target":"/other/f")")));
}

TEST(JournalRecordOfViolation, SaysThatAPathIsNotWhole) {
  const redoubt_event event = refused_file(REDOUBT_HOOK_hook_file_open, LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE);
  const std::string lost = json::dump(violation_document(event, {"", "", ""}));
  EXPECT_THAT(lost, AllOf(HasSubstr(R"("object":"")"), HasSubstr(R"("truncated":true)"), HasSubstr(R"("operation":"exec")")));
  const ViolationRule cut{"files.execute", "web.json:7", "", bpf::RefusedPaths{"/end/of/it", "", false}};
  EXPECT_THAT(json::dump(violation_document(event, cut)), HasSubstr(R"("truncated":true)"));
}

// A program chooses its name.
TEST(JournalRecordOfViolation, QuotesWhatTheContainerHasChosen) {
  redoubt_event event = violation();
  ::strcpy(event.comm, "a\nPRIORITY=7");
  const std::string record = record_of(event);
  EXPECT_THAT(record, HasSubstr("by \"a\\nPRIORITY=7\" (pid"));
  EXPECT_THAT(record, HasSubstr(concat("\nREDOUBT_COMM\n", std::string("\x0c\0\0\0\0\0\0\0", 8))));
}

TEST(JournalRecordOfLost, CountsThem) {
  json::Value data;
  json::Value document;
  document.set("type", "lost").set("data", data.set("events", 4904));
  const std::string record = journal_record(document).bytes();
  EXPECT_THAT(record, StartsWith("MESSAGE=4904 violations were overwritten"));
  EXPECT_THAT(record, AllOf(HasSubstr("\nREDOUBT_LOST=4904\n"), HasSubstr("\nPRIORITY=4\n")));
  EXPECT_THAT(record, Not(HasSubstr("REDOUBT_CONTAINER")));
}

}  // namespace
}  // namespace redoubt::cli
