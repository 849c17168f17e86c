#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/specs.h"

namespace redoubt::policy {
namespace {

using plan::HookKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

oci::Hook hook(const char* path) {
  oci::Hook result;
  result.path = path;
  return result;
}

TEST(ResolveHooks, EachKindInItsPlaceInOrder) {
  oci::Spec spec = small_spec();
  spec.hooks.prestart = {hook("/a"), hook("/b")};
  spec.hooks.create_runtime = {hook("/c")};
  spec.hooks.create_container = {hook("/d")};
  spec.hooks.start_container = {hook("/e")};
  spec.hooks.poststart = {hook("/f")};
  spec.hooks.poststop = {hook("/g")};
  const auto plan = resolve_spec(spec);
  ASSERT_TRUE(plan.has_value()) << error_of(plan);
  EXPECT_EQ(plan->hooks_of(HookKind::kPrestart).at(1).path, "/b");
  EXPECT_EQ(plan->hooks_of(HookKind::kCreateRuntime).at(0).path, "/c");
  EXPECT_EQ(plan->hooks_of(HookKind::kCreateContainer).at(0).path, "/d");
  EXPECT_EQ(plan->hooks_of(HookKind::kStartContainer).at(0).path, "/e");
  EXPECT_EQ(plan->hooks_of(HookKind::kPoststart).at(0).path, "/f");
  EXPECT_EQ(plan->hooks_of(HookKind::kPoststop).at(0).path, "/g");
}

TEST(ResolveHooks, PathIsTheFirstArgumentWhenThereIsNone) {
  oci::Spec spec = small_spec();
  spec.hooks.prestart = {hook("/a"), hook("/b")};
  spec.hooks.prestart[1].args = {"b", "x"};
  const auto plan = resolve_spec(spec);
  EXPECT_THAT(plan->hooks_of(HookKind::kPrestart)[0].args, ElementsAre("/a"));
  EXPECT_THAT(plan->hooks_of(HookKind::kPrestart)[1].args, ElementsAre("b", "x"));
}

TEST(ResolveHooks, OnlyStartContainerTakesTheProcessEnvironment) {
  oci::Spec spec = small_spec();
  spec.process->env = {"A=1"};
  spec.hooks.poststop = {hook("/a")};
  spec.hooks.start_container = {hook("/a"), hook("/b")};
  spec.hooks.start_container[1].env = {"B=2"};
  const auto plan = resolve_spec(spec);
  EXPECT_THAT(plan->hooks_of(HookKind::kPoststop)[0].env, IsEmpty());
  EXPECT_THAT(plan->hooks_of(HookKind::kStartContainer)[0].env, ElementsAre("A=1"));
  EXPECT_THAT(plan->hooks_of(HookKind::kStartContainer)[1].env, ElementsAre("B=2"));
}

TEST(ResolveHooks, TimeoutIsPositiveSeconds) {
  oci::Spec spec = small_spec();
  spec.hooks.create_container = {hook("/a")};
  EXPECT_FALSE(resolve_spec(spec)->hooks_of(HookKind::kCreateContainer)[0].timeout_ms.has_value());
  spec.hooks.create_container[0].timeout = 3;
  EXPECT_EQ(resolve_spec(spec)->hooks_of(HookKind::kCreateContainer)[0].timeout_ms, 3000);
  for (const int64_t bad : {int64_t{0}, int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    spec.hooks.create_container[0].timeout = bad;
    EXPECT_THAT(error_of(resolve_spec(spec)), HasSubstr("hooks.createContainer[0]: timeout"))
        << bad;
  }
}

TEST(ResolveHooks, OneKindResolvesWithoutTheRest) {
  oci::Hooks hooks;
  hooks.poststop = {hook("/a")};
  hooks.prestart = {hook("/b")};
  hooks.prestart[0].timeout = -1;
  const auto poststop = resolve_hooks(hooks, HookKind::kPoststop);
  ASSERT_TRUE(poststop.has_value()) << error_of(poststop);
  EXPECT_EQ(poststop->at(0).path, "/a");
}

}  // namespace
}  // namespace redoubt::policy
