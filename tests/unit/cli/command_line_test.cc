#include "runc-compat/cli/command_line.h"

#include <gtest/gtest.h>

#include "tests/unit/cli/describe.h"

namespace redoubt::cli {
namespace {

struct CommandRow {
  std::string_view words;
  std::string_view expected;
};

void expect_rows(std::span<const CommandRow> rows) {
  for (const CommandRow& row : rows) {
    EXPECT_EQ(describe(parse_text(row.words)), row.expected) << "redoubt " << row.words;
  }
}

TEST(ParseCommandLine, ChoosesTheAction) {
  constexpr CommandRow kRows[] = {
      {"", "help"},
      {"-h", "help"},
      {"--help", "help"},
      {"-help", "help"},
      {"help", "help"},
      {"h", "help"},
      {"--help state x", "help"},
      {"help kill", "help kill"},
      {"h exec", "help exec"},
      {"help foo", "unknown foo"},
      {"--version", "version"},
      {"-v", "version"},
      {"--root /r --version", "version"},
      {"-v list", "version"},
      {"foo", "unknown foo"},
      {"''", "unknown "},
      {"Create web1", "unknown Create"},
      {"--debug foo --bar", "unknown foo"},
      {"create --help", "help create"},
      {"create -h", "help create"},
      {"checkpoint --help", "help checkpoint"},
      {"kill --help", "help kill"},
      {"state a b c --help", "help state"},
      {"list", "run list | |"},
      {"-- list", "run list | |"},
  };
  expect_rows(kRows);
}

TEST(ParseCommandLine, ReadsFlagsAsGoDoes) {
  constexpr CommandRow kRows[] = {
      {"create --bundle B web1", "run create | bundle=B | web1"},
      {"create --bundle=B web1", "run create | bundle=B | web1"},
      {"create -bundle B web1", "run create | bundle=B | web1"},
      {"create -bundle=B web1", "run create | bundle=B | web1"},
      {"create -b B web1", "run create | bundle=B | web1"},
      {"create -b=B web1", "run create | bundle=B | web1"},
      {"create --b B web1", "run create | bundle=B | web1"},
      {"create --bundle= web1", "run create | bundle= | web1"},
      {"create --bundle '' web1", "run create | bundle= | web1"},
      {"create --bundle a=b web1", "run create | bundle=a=b | web1"},
      {"create --bundle=a=b web1", "run create | bundle=a=b | web1"},
      {"create --bundle --no-pivot web1", "run create | bundle=--no-pivot | web1"},
      {"create --no-pivot web1", "run create | no-pivot=true | web1"},
      {"create --no-pivot=true web1", "run create | no-pivot=true | web1"},
      {"create --no-pivot=T web1", "run create | no-pivot=true | web1"},
      {"create --no-pivot=false web1", "run create | no-pivot=false | web1"},
      {"create --no-pivot=0 web1", "run create | no-pivot=false | web1"},
      {"create --no-pivot= web1", "run create | no-pivot=true | web1"},
      {"list -q -f json", "run list | format=json quiet=true |"},
      {"run -d web1", "run run | detach=true | web1"},
      {"create --preserve-fds 3 web1", "run create | preserve-fds=3 | web1"},
      {"create --preserve-fds=0x10 web1", "run create | preserve-fds=16 | web1"},
      {"events --interval 1m30s web1", "run events | interval=90000000000 | web1"},
      {"checkpoint --status-fd -1 web1", "run checkpoint | status-fd=-1 | web1"},
  };
  expect_rows(kRows);
}

TEST(ParseCommandLine, TakesFlagsAnywhereButBehindAForeignCommand) {
  constexpr CommandRow kRows[] = {
      {"create web1 --bundle B", "run create | bundle=B | web1"},
      {"run web1 -d --pid-file P", "run run | detach=true pid-file=P | web1"},
      {"delete web1 --force", "run delete | force=true | web1"},
      {"list --root X", "run list root=X | |"},
      {"state web1 --root=X --debug", "run state root=X debug=true | | web1"},
      {"--root A state --root B web1", "run state root=B | | web1"},
      {"state -- web1", "run state | | web1"},
      {"state -- --web1", "run state | | --web1"},
      {"create -- web1 --bundle", "bad-count redoubt: \"create\" requires exactly 1 argument(s)"},
      {"exec web1 sh -c true", "run exec | | web1 sh -c true"},
      {"exec web1 -c", "run exec | | web1 -c"},
      {"exec web1 --tty", "run exec | | web1 --tty"},
      {"exec web1 --help", "run exec | | web1 --help"},
      {"exec -t web1 ls --root /x", "run exec | tty=true | web1 ls --root /x"},
      {"exec web1 -- sh -c x", "run exec | | web1 sh -c x"},
      {"exec web1 sh -- x", "run exec | | web1 sh -- x"},
      {"exec -- web1 sh", "run exec | | web1 sh"},
      {"ps web1 -e -x", "run ps | | web1 -e -x"},
      {"ps -f json web1", "run ps | format=json | web1"},
      {"kill web1 -9", "run kill | | web1 -9"},
      {"kill -9 web1", "bad-flag kill: flag provided but not defined: -9"},
      {"kill web1 KILL", "run kill | | web1 KILL"},
      {"kill --all web1 9", "run kill | all=true | web1 9"},
      {"kill -a web1 9", "run kill | all=true | web1 9"},
      {"update web1 -r -", "run update | resources=- | web1"},
      {"update --resources=- web1", "run update | resources=- | web1"},
  };
  expect_rows(kRows);
}

TEST(ParseCommandLine, LetsTheLastFlagWinAndCollectsLists) {
  constexpr CommandRow kRows[] = {
      {"--root A --root B --systemd-cgroup --systemd-cgroup list",
       "run list root=B systemd-cgroup=true | |"},
      {"create -b A --bundle B web1", "run create | bundle=B | web1"},
      {"run --detach --detach=false web1", "run run | detach=false | web1"},
      {"exec -e A=1 --env B=2,3 -e '' web1 x", "run exec | env=A=1+B=2,3+ | web1 x"},
      {"exec --cgroup cpu,cpuacct:sub web1 x", "run exec | cgroup=cpu,cpuacct:sub | web1 x"},
      {"exec -g 10 -g 20 -c CAP_KILL web1 x",
       "run exec | additional-gids=10+20 cap=CAP_KILL | web1 x"},
  };
  expect_rows(kRows);
}

TEST(ParseCommandLine, AcceptsTheGlobalFlagsOfRuncAndCrun) {
  constexpr CommandRow kRows[] = {
      {"--criu /usr/sbin/criu list", "run list criu=/usr/sbin/criu | |"},
      {"--cgroup-manager=disabled list", "run list cgroup-manager=disabled | |"},
      {"--log=journald:web1 --log-level=error list",
       "run list log=journald:web1 log-level=error | |"},
      {"--rootless=auto list", "run list rootless=auto | |"},
      {"--debug=false list", "run list debug=false | |"},
      {"-root /r -systemd-cgroup list", "run list root=/r systemd-cgroup=true | |"},
  };
  expect_rows(kRows);
}

TEST(ParseCommandLine, RefusesBadFlagsInGosWords) {
  constexpr CommandRow kRows[] = {
      {"list -badflag", "bad-flag list: flag provided but not defined: -badflag"},
      {"list --badflag", "bad-flag list: flag provided but not defined: -badflag"},
      {"--badflag list", "bad-flag global: flag provided but not defined: -badflag"},
      {"list --badflag=1", "bad-flag list: flag provided but not defined: -badflag"},
      {"list -qf json", "bad-flag list: flag provided but not defined: -qf"},
      {"list ---quiet", "bad-flag list: flag provided but not defined: --quiet"},
      {"list -v", "bad-flag list: flag provided but not defined: -v"},
      {"state --Root x", "bad-flag state: flag provided but not defined: -Root"},
      {"restore --lsm-mount-context",
       "bad-flag restore: flag needs an argument: --lsm-mount-context"},
      {"create -b", "bad-flag create: flag needs an argument: -b"},
      {"--root", "bad-flag global: flag needs an argument: --root"},
      {"list --quiet=maybe",
       "bad-flag list: invalid value \"maybe\" for flag -quiet: strconv.ParseBool: parsing "
       "\"maybe\": invalid syntax"},
      {"checkpoint --status-fd x web1",
       "bad-flag checkpoint: invalid value \"x\" for flag -status-fd: strconv.ParseInt: parsing "
       "\"x\": invalid syntax"},
      {"create --preserve-fds -1 web1",
       "bad-flag create: invalid value \"-1\" for flag -preserve-fds: strconv.ParseUint: parsing "
       "\"-1\": invalid syntax"},
      {"events --interval 5 web1",
       "bad-flag events: invalid value \"5\" for flag -interval: time: invalid duration \"5\""},
  };
  expect_rows(kRows);
}

TEST(ParseCommandLine, CountsArguments) {
  constexpr CommandRow kRows[] = {
      {"state", "bad-count redoubt: \"state\" requires exactly 1 argument(s)"},
      {"state a b", "bad-count redoubt: \"state\" requires exactly 1 argument(s)"},
      {"exec", "bad-count redoubt: \"exec\" requires a minimum of 1 argument(s)"},
      {"kill", "bad-count redoubt: \"kill\" requires a minimum of 1 argument(s)"},
      {"kill a b c", "bad-count redoubt: \"kill\" requires a maximum of 2 argument(s)"},
      {"list a", "bad-count redoubt: \"list\" requires exactly 0 argument(s)"},
      {"features x", "bad-count redoubt: \"features\" requires exactly 0 argument(s)"},
      {"state ''", "run state | | ''"},
      {"state -", "run state | | -"},
  };
  expect_rows(kRows);
}

}  // namespace
}  // namespace redoubt::cli
