// Keys for the tests: one for each number.
#ifndef REDOUBT_TESTS_UNIT_POLICY_KEYS_H_
#define REDOUBT_TESTS_UNIT_POLICY_KEYS_H_

#include "policy/signature/key.h"

namespace redoubt::policy {

inline SecretKey key_of(unsigned char number) {
  KeyBytes seed{};
  seed.front() = number;
  return SecretKey(seed);
}

}  // namespace redoubt::policy

#endif  // REDOUBT_TESTS_UNIT_POLICY_KEYS_H_
