#include "escalate-vm/protocol/request.h"

#include <gtest/gtest.h>

namespace redoubt::vm {
namespace {

std::string error_of(std::string_view text) {
  const Result<Request> request = parse_request(text);
  return request ? "" : request.error().message();
}

TEST(ParseRequest, ReadsCreateWithStreamsAndPolicy) {
  const Result<Request> request = parse_request(
      R"({"id":7,"op":"create","container":"web-1","config":{"ociVersion":"1.0"},"streams":{"stdin":1,"stderr":3},)"
      R"("policy":{"config":{"default":"x"},"profiles":{"x":{"version":1}}}})");
  ASSERT_TRUE(request) << request.error().message();
  EXPECT_EQ(request->id, 7u);
  EXPECT_EQ(request->op, Op::kCreate);
  EXPECT_EQ(request->container, "web-1");
  EXPECT_EQ(request->document.find("ociVersion")->as_string(), "1.0");
  EXPECT_EQ(request->stdio.streams(), (std::vector<uint32_t>{1, 3}));
  EXPECT_FALSE(request->stdio.out);
  EXPECT_TRUE(request->policy->config.is_object());
  EXPECT_TRUE(request->policy->profiles.contains("x"));
}

TEST(ParseRequest, ReadsExecWithATerminal) {
  const Result<Request> request = parse_request(
      R"({"id":1,"op":"exec","container":"c","session":"s","process":{"args":["sh"]},"terminal":{"stream":4,"rows":24,"columns":80}})");
  ASSERT_TRUE(request) << request.error().message();
  EXPECT_EQ(request->session, "s");
  EXPECT_EQ(request->stdio.terminal, 4u);
  EXPECT_EQ(request->stdio.size.columns, 80);
}

TEST(ParseRequest, ReadsSetupAndNetwork) {
  const std::string hex(64, 'f');
  const Result<Request> setup =
      parse_request(R"({"id":1,"op":"setup","time":"1700000000000000000","entropy":")" + hex +
                    R"(","hostname":"h"})");
  ASSERT_TRUE(setup) << setup.error().message();
  EXPECT_EQ(setup->setup.time, 1700000000000000000u);
  EXPECT_EQ(setup->setup.entropy, std::string(32, '\xff'));
  const Result<Request> network = parse_request(
      R"({"id":2,"op":"network","interfaces":[{"mac":"52:54:00:00:00:01","name":"eth0","mtu":1500,"addresses":["10.0.0.2/24"]}],)"
      R"("routes":[{"destination":"default","gateway":"10.0.0.1","device":"eth0"}],"neighbours":[]})");
  ASSERT_TRUE(network) << network.error().message();
  EXPECT_EQ(network->network.interfaces.at(0).addresses.at(0), "10.0.0.2/24");
  EXPECT_EQ(network->network.routes.at(0).gateway, "10.0.0.1");
}

TEST(ParseRequest, NamesTheMemberThatIsWrong) {
  const struct {
    std::string_view text, says;
  } cases[] = {
      {R"([])", "must be an object"},
      {R"({"id":1,"op":"reboot"})", "op: unknown \"reboot\""},
      {R"({"id":-1,"op":"start","container":"c"})", "id: -1 is not an integer in range"},
      {R"({"id":1,"op":"start"})", "container: \"\" is no plain name"},
      {R"({"id":1,"op":"start","container":"../x"})", "container: \"../x\" is no plain name"},
      {R"({"id":1,"op":"start","container":".."})", "container: \"..\" is no plain name"},
      {R"({"id":1,"op":"create","container":"c"})", "config: must be an object"},
      {R"({"id":1,"op":"create","container":"c","config":[]})", "config: must be an object"},
      {R"({"id":1,"op":"create","container":"c","config":{},"streams":{"stdin":0}})",
       "streams: numbers must be above 0"},
      {R"({"id":1,"op":"create","container":"c","config":{},"streams":{"stdin":1,"stdout":1}})",
       "differ"},
      {R"({"id":1,"op":"create","container":"c","config":{},"streams":{"stdin":4294967296}})",
       "streams.stdin: 4294967296 is not"},
      {R"({"id":1,"op":"create","container":"c","config":{},"streams":{},"terminal":{"stream":1}})",
       "together with terminal"},
      {R"({"id":1,"op":"create","container":"c","config":{},"terminal":{"rows":1}})",
       "terminal.stream: missing"},
      {R"({"id":1,"op":"create","container":"c","config":{},"policy":{"profiles":{"../x":{}}}})",
       "is no plain name"},
      {R"({"id":1,"op":"exec","container":"c","process":{}})", "session: \"\" is no plain name"},
      {R"({"id":1,"op":"signal","container":"c","session":"","signal":0})",
       "signal: 0 is not in 1 to 64"},
      {R"({"id":1,"op":"resize","container":"c","session":"","rows":65536,"columns":1})",
       "rows: 65536 is not"},
      {R"({"id":1,"op":"setup","time":"now","entropy":""})", "time: must be decimal"},
      {R"({"id":1,"op":"setup","time":"1","entropy":"zz"})",
       "entropy: must be 64 hexadecimal digits"},
  };
  for (const auto& each : cases) {
    EXPECT_NE(error_of(each.text).find(each.says), std::string::npos)
        << each.text << " says: " << error_of(each.text);
  }
}

TEST(RequestId, IsToldOfWhatElseIsWrong) {
  EXPECT_EQ(request_id(R"({"id":5,"op":"reboot"})"), 5u);
  EXPECT_EQ(request_id(R"({"id":-5})"), std::nullopt);
  EXPECT_EQ(request_id("[5]"), std::nullopt);
  EXPECT_EQ(request_id("{"), std::nullopt);
}

TEST(FormatRequest, IsReadBackUnchanged) {
  const std::string_view texts[] = {
      R"({"id":1,"op":"create","container":"c","streams":{"stdin":1},"config":{"a":1},"policy":{"config":{},"profiles":{"p":{}}}})",
      R"({"id":2,"op":"exec","container":"c","session":"s","terminal":{"stream":9,"rows":2,"columns":3},"process":{}})",
      R"({"id":3,"op":"signal","container":"c","session":"","signal":9,"all":true})",
      R"({"id":4,"op":"resize","container":"c","session":"s","rows":1,"columns":2})",
      R"({"id":5,"op":"update","container":"c","resources":{"pids":{"limit":5}}})",
      R"({"id":6,"op":"network","interfaces":[{"mac":"m","card":"k","name":"n","mtu":1,"addresses":["a"]}],"routes":[{"destination":"d","device":"e"}],"neighbours":[{"address":"a","mac":"m","device":"d"}]})",
  };
  for (const std::string_view text : texts) {
    const Result<Request> request = parse_request(text);
    ASSERT_TRUE(request) << request.error().message();
    EXPECT_EQ(format_request(*request), text);
  }
}

}  // namespace
}  // namespace redoubt::vm
