#include "sandbox/seccomp_eval.h"

#include <string.h>

#include <array>
#include <cstddef>

namespace redoubt::sandbox {
namespace {

struct Machine {
  uint32_t a = 0, x = 0;
  std::array<uint32_t, BPF_MEMWORDS> memory{};
};

bool load(Machine& m, const sock_filter& op, const seccomp_data& call) {
  switch (op.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      if (op.k % 4 != 0 || op.k >= sizeof call) {
        return false;
      }
      memcpy(&m.a, reinterpret_cast<const char*>(&call) + op.k, sizeof m.a);
      return true;
    case BPF_LD | BPF_W | BPF_LEN:
      m.a = sizeof call;
      return true;
    case BPF_LDX | BPF_W | BPF_LEN:
      m.x = sizeof call;
      return true;
    case BPF_LD | BPF_IMM:
      m.a = op.k;
      return true;
    case BPF_LDX | BPF_IMM:
      m.x = op.k;
      return true;
    default:
      break;
  }
  if (op.k >= BPF_MEMWORDS) {
    return false;
  }
  switch (op.code) {
    case BPF_LD | BPF_MEM:
      m.a = m.memory[op.k];
      return true;
    case BPF_LDX | BPF_MEM:
      m.x = m.memory[op.k];
      return true;
    case BPF_ST:
      m.memory[op.k] = m.a;
      return true;
    case BPF_STX:
      m.memory[op.k] = m.x;
      return true;
    default:
      return false;
  }
}

bool calculate(Machine& m, const sock_filter& op) {
  const uint32_t operand = BPF_SRC(op.code) == BPF_X ? m.x : op.k;
  switch (BPF_OP(op.code)) {
    case BPF_ADD:
      m.a += operand;
      return true;
    case BPF_SUB:
      m.a -= operand;
      return true;
    case BPF_MUL:
      m.a *= operand;
      return true;
    case BPF_DIV:
      m.a = operand == 0 ? 0 : m.a / operand;
      return operand != 0;
    case BPF_AND:
      m.a &= operand;
      return true;
    case BPF_OR:
      m.a |= operand;
      return true;
    case BPF_XOR:
      m.a ^= operand;
      return true;
    case BPF_LSH:
      m.a = operand < 32 ? m.a << operand : 0;
      return true;
    case BPF_RSH:
      m.a = operand < 32 ? m.a >> operand : 0;
      return true;
    case BPF_NEG:
      m.a = 0U - m.a;
      return true;
    default:
      return false;
  }
}

// How many instructions are skipped; nothing for an unknown jump.
std::optional<size_t> distance(const Machine& m, const sock_filter& op) {
  const uint32_t operand = BPF_SRC(op.code) == BPF_X ? m.x : op.k;
  switch (BPF_OP(op.code)) {
    case BPF_JA:
      return op.k;
    case BPF_JEQ:
      return m.a == operand ? op.jt : op.jf;
    case BPF_JGT:
      return m.a > operand ? op.jt : op.jf;
    case BPF_JGE:
      return m.a >= operand ? op.jt : op.jf;
    case BPF_JSET:
      return (m.a & operand) != 0 ? op.jt : op.jf;
    default:
      return std::nullopt;
  }
}

bool step(Machine& m, const sock_filter& op, const seccomp_data& call, size_t& at) {
  switch (BPF_CLASS(op.code)) {
    case BPF_LD:
    case BPF_LDX:
    case BPF_ST:
    case BPF_STX:
      return load(m, op, call);
    case BPF_ALU:
      return calculate(m, op);
    case BPF_MISC:
      (BPF_MISCOP(op.code) == BPF_TAX ? m.x : m.a) = BPF_MISCOP(op.code) == BPF_TAX ? m.a : m.x;
      return true;
    case BPF_JMP: {
      const std::optional<size_t> skip = distance(m, op);
      at += skip.value_or(0);
      return skip.has_value();
    }
    default:
      return false;
  }
}

}  // namespace

std::optional<uint32_t> evaluate_seccomp(const std::vector<sock_filter>& filter,
                                         const seccomp_data& call) {
  Machine m;
  for (size_t at = 0; at < filter.size(); ++at) {
    const sock_filter& op = filter[at];
    if (BPF_CLASS(op.code) == BPF_RET) {
      return BPF_RVAL(op.code) == BPF_A ? m.a : op.k;
    }
    if (!step(m, op, call, at)) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace redoubt::sandbox
