// The whole command line in a child process: what it prints, where, and its exit status.
#include "runc-compat/cli/cli.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io.h"
#include "base/json.h"
#include "base/str.h"

namespace redoubt::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

struct Outcome {
  int status = -1;
  std::string out, err;
};

std::string content(const UniqueFd& fd) {
  ::lseek(fd.get(), 0, SEEK_SET);
  const Result<std::string> text = read_all(fd.get(), 1 << 20, "output");
  return text ? *text : "";
}

// Runs `argv0 words...` in a child; words are separated by one blank.
Outcome run(std::string_view text, std::string_view argv0 = "redoubt") {
  const std::vector<std::string> words = split(text, ' ');
  UniqueFd out(::memfd_create("out", MFD_CLOEXEC));
  UniqueFd err(::memfd_create("err", MFD_CLOEXEC));
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(out.get(), STDOUT_FILENO);
    ::dup2(err.get(), STDERR_FILENO);
    const std::vector<std::string_view> views(words.begin(), words.end());
    ::_exit(run_command_line(argv0, views));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), content(out), content(err)};
}

constexpr char kTime[] = "time=\"20..-..-..T..:..:..Z\" level=error msg=";

class Cli : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redoubt-cli-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    ::unlink(path("log").c_str());
    ::unlink(path("config.json").c_str());
    ::rmdir(directory_.c_str());
  }
  std::string path(std::string_view name) const { return concat(directory_, "/", name); }
  std::string log_text() const { return read_file(path("log"), 1 << 20).value(); }

 private:
  std::string directory_;
};

TEST_F(Cli, PrintsHelpAndVersionToStdoutOnly) {
  for (const std::string_view words : {"--help", "help", "--version", "checkpoint --help"}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.status, 0) << words;
    EXPECT_FALSE(outcome.out.empty()) << words;
    EXPECT_EQ(outcome.err, "") << words;
  }
  EXPECT_THAT(run("--version", "/usr/sbin/runc").out, StartsWith("runc version "));
}

TEST_F(Cli, ReportsAnUnknownFlagThreeTimes) {
  const Outcome outcome = run("list -badflag");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, StartsWith("NAME:\n   redoubt list - "));
  EXPECT_THAT(outcome.err,
              MatchesRegex(concat("Incorrect Usage: flag provided but not defined: -badflag\n\n",
                                  kTime,
                                  "\"flag provided but not defined: -badflag\"\n")));
}

TEST_F(Cli, AnswersPodmansProbe) {
  const Outcome outcome = run("restore --lsm-mount-context");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("flag needs an argument"));
}

TEST_F(Cli, ReportsAWrongCountWithHelp) {
  const Outcome outcome = run("state", "/usr/bin/runc");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, StartsWith("Incorrect Usage.\n\nNAME:\n   runc state - "));
  EXPECT_THAT(
      outcome.err,
      MatchesRegex(concat(kTime, "\"/usr/bin/runc: ..state.. requires exactly 1 argument.s.\"\n")));
}

TEST_F(Cli, ExitsWith3ForAnUnknownCommand) {
  const Outcome outcome = run("foo");
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, MatchesRegex(concat(kTime, "\"No help topic for 'foo'\"\n")));
}

TEST_F(Cli, WritesOneJsonRecordToTheLogAndPlainTextToStderr) {
  const Outcome outcome = run(concat("--log ", path("log"), " --log-format json checkpoint web1"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "checkpoint: not supported by this build of redoubt\n");
  EXPECT_THAT(
      log_text(),
      MatchesRegex("\\{\"level\":\"error\",\"msg\":\"checkpoint: not supported by this build "
                   "of redoubt\",\"time\":\"20..-..-..T..:..:..Z\"\\}\n"));
}

TEST_F(Cli, LogsUsageErrorsToo) {
  run(concat("list --badflag"));
  const Outcome outcome = run(concat("--log ", path("log"), " list --badflag"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(log_text(), HasSubstr("msg=\"flag provided but not defined: -badflag\""));
}

TEST_F(Cli, AppendsToTheLog) {
  run(concat("--log ", path("log"), " restore a"));
  run(concat("--log ", path("log"), " restore b"));
  EXPECT_EQ(split(log_text(), '\n').size(), 3U);  // two lines, each ended
}

TEST_F(Cli, NamesALogThatCannotBeOpened) {
  const Outcome outcome = run(concat("--log ", path("missing/log"), " list"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr(concat("open ", path("missing/log"), ": no such file or directory")));
}

TEST_F(Cli, RefusesTheRootDirectoryAsState) {
  const Outcome outcome = run("--root / list");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("Option --root argument should not be set to /"));
}

TEST_F(Cli, ExitsWith255ForErrorsOfExec) {
  const Outcome outcome = run(concat("--root ", path("none"), " exec web1"));
  EXPECT_EQ(outcome.status, 255);
  EXPECT_THAT(outcome.err, HasSubstr("msg=\"exec failed: exec args cannot be empty\""));
  EXPECT_EQ(run("exec").status, 1);  // bad usage is not a failed exec
}

TEST_F(Cli, PrefixesFailuresWithTheNameItWasCalledBy) {
  const std::string words =
      concat("--root ", path("none"), " --cgroup-manager disabled create web1");
  EXPECT_THAT(run(words).err, HasSubstr("msg=\"redoubt create failed: "));
  EXPECT_THAT(run(words, "/usr/bin/runc").err, HasSubstr("msg=\"runc create failed: "));
}

TEST_F(Cli, PrintsFeaturesAsOneDocumentAndNothingElse) {
  const Outcome outcome = run("features");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  const Result<json::Value> document = json::parse(outcome.out, "features");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->find("ociVersionMax")->as_string(), "1.3.0");
  const json::Value* linux_section = document->find("linux");
  ASSERT_NE(linux_section, nullptr);
  EXPECT_EQ(linux_section->find("capabilities")->as_array().size(), 41U);
  EXPECT_EQ(linux_section->find("namespaces")->as_array().size(), 8U);
  EXPECT_EQ(document->find("annotations")
                ->find("org.opencontainers.runc.checkpoint.enabled")
                ->as_string(),
            "false");
}

TEST_F(Cli, WritesASpecOnce) {
  const std::string words = concat("spec --bundle ", path(""));
  const Outcome first = run(words, "runc");
  EXPECT_EQ(first.status, 0);
  EXPECT_EQ(concat(first.out, first.err), "");
  const std::string text = read_file(path("config.json"), 1 << 20).value();
  EXPECT_THAT(text, StartsWith("{\n\t\"ociVersion\": \"1.3.0\""));
  EXPECT_THAT(text, HasSubstr("\"hostname\": \"runc\""));
  EXPECT_EQ(text.back(), '}');
  const Outcome second = run(words);
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.err, HasSubstr("msg=\"File config.json exists. Remove it first\""));
  EXPECT_EQ(read_file(path("config.json"), 1 << 20).value(), text);
}

TEST_F(Cli, DoesNotWriteASpecThroughALink) {
  ASSERT_EQ(::symlink(path("log").c_str(), path("config.json").c_str()), 0);
  EXPECT_EQ(run(concat("spec -b ", path(""))).status, 1);
  EXPECT_NE(::access(path("log").c_str(), F_OK), 0);
}

TEST_F(Cli, EscapesWhatCouldSteerATerminal) {
  const Outcome outcome = run(concat("--log ", path("log"), " \x1b[31m"));
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.err, "No help topic for '\\x1b[31m'\n");
}

}  // namespace
}  // namespace redoubt::cli
