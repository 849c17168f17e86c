// What the words of `redoubt profile` share: one call of the command, the documents that it names, and
// the functions of the words that have a file of their own. Used by profile*.cc only.
#ifndef REDOUBT_CLI_PROFILE_CALL_H_
#define REDOUBT_CLI_PROFILE_CALL_H_

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "policy/authoring/recording.h"
#include "policy/document/document.h"
#include "runc-compat/cli/arguments.h"
#include "runc-compat/cli/globals.h"
#include "runc-compat/cli/report.h"
#include "runc-compat/launch/policy_files.h"

namespace redoubt::cli {

inline constexpr char kProfileFormatFlag[] = "format";
inline constexpr char kProfileOutputFlag[] = "output";
inline constexpr char kProfileReportFlag[] = "report";
inline constexpr char kProfileNameFlag[] = "name";
inline constexpr char kProfileExplainFlag[] = "explain";
inline constexpr char kProfileToFlag[] = "to";
inline constexpr char kProfileRootfsFlag[] = "rootfs";
inline constexpr char kProfileWithoutFlag[] = "without";
inline constexpr char kProfileKeyFlag[] = "key";
inline constexpr char kProfileForceFlag[] = "force";
inline constexpr char kProfileBaseFlag[] = "base";
inline constexpr char kProfileContainerFlag[] = "container";
inline constexpr char kProfileForFlag[] = "for";
inline constexpr char kProfileReadyFlag[] = "ready-cmd";

struct ProfileCall {
  const Globals& globals;
  const Arguments& arguments;
  launch::PolicyFiles& files;
  const std::vector<std::string>& words;  // after the first
  std::string format;
  ReportStyle style = {};

  bool as_json() const { return format == "json"; }
};

struct ProfileDocuments {
  policy::Document raw;        // as written
  policy::Document inherited;  // all that it extends
  policy::Document merged;
};

// What a word of the command line names: a profile, or a file when it looks like one.
Result<ProfileDocuments> open_document(launch::PolicyFiles& files, const std::string& word);
// Its text.
Result<policy::SourceText> open_source(launch::PolicyFiles& files, const std::string& word);
// The signature beside a profile's file, if there is one.
Result<std::optional<policy::SourceText>> open_signature(const policy::SourceText& profile);
// "open /etc/passwd r".
std::string operation_text(const policy::Operation& operation);
// Without its directories.
std::string_view file_name(std::string_view path);
// --name, or what the file of --output is called.
Result<std::string> profile_name(const ProfileCall& call, std::string_view word);
Result<policy::Recording> open_recording(const std::string& path);
// Whether a word of the command line is the file of a recording and not a profile.
bool names_recording(const std::string& word);

Status print_json(const json::Value& value);
// To the file of --output or of another flag, which is replaced as a whole, or to stdout.
Status write_output(const ProfileCall& call, const std::string& text, std::string_view flag = kProfileOutputFlag);

Result<int> profile_convert(ProfileCall& call);
Result<int> profile_diff(ProfileCall& call);
Result<int> profile_explain(ProfileCall& call);
Result<int> profile_generalise(ProfileCall& call);
Result<int> profile_keygen(ProfileCall& call);
Result<int> profile_lint(ProfileCall& call);
Result<int> profile_minimise(ProfileCall& call);
Result<int> profile_record(ProfileCall& call);
Result<int> profile_replay(ProfileCall& call);
Result<int> profile_report(ProfileCall& call);
Result<int> profile_sign(ProfileCall& call);
Result<int> profile_verify(ProfileCall& call);

}  // namespace redoubt::cli

#endif  // REDOUBT_CLI_PROFILE_CALL_H_
