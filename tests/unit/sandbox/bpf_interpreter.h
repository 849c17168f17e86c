// Runs the programs that our generators make, with the kernel's meaning of the few instructions
// that they use (Documentation/bpf/standardization/instruction-set.rst), and checks what the
// verifier checks of their shape.
#ifndef REDOUBT_TESTS_UNIT_SANDBOX_BPF_INTERPRETER_H_
#define REDOUBT_TESTS_UNIT_SANDBOX_BPF_INTERPRETER_H_

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace redoubt::sandbox {

class BpfInterpreter {
 public:
  // The context's bytes.
  explicit BpfInterpreter(std::string_view context) : context_(context) {}

  // Nothing: the program does what the verifier would refuse.
  std::optional<uint32_t> run(const std::vector<bpf_insn>& code) {
    for (size_t pc = 0; pc < code.size(); ++pc) {
      const bpf_insn& insn = code[pc];
      if (insn.code == (BPF_JMP | BPF_EXIT)) {
        return reg_[0];
      }
      const std::optional<bool> taken = step(insn);
      if (!taken) {
        return std::nullopt;
      }
      pc += *taken ? static_cast<size_t>(insn.off) : 0;
    }
    return std::nullopt;  // ran off the end
  }

 private:
  // Whether it jumps; nothing: not a legal instruction.
  std::optional<bool> step(const bpf_insn& insn) {
    if (insn.dst_reg == BPF_REG_1 || insn.dst_reg >= reg_.size()) {
      return std::nullopt;  // the context is no number
    }
    if (insn.code == (BPF_LDX | BPF_MEM | BPF_W)) {
      return load(insn);
    }
    if ((insn.code & 7) == BPF_ALU) {
      return compute(insn);
    }
    return jumps(insn);
  }

  std::optional<bool> load(const bpf_insn& insn) {
    if (insn.src_reg != BPF_REG_1 || insn.off < 0 || insn.off % 4 != 0 ||
        static_cast<size_t>(insn.off) + 4 > context_.size()) {
      return std::nullopt;
    }
    ::memcpy(&reg_[insn.dst_reg].emplace(), context_.data() + insn.off, 4);
    return false;
  }

  std::optional<bool> compute(const bpf_insn& insn) {
    const auto operand = static_cast<uint32_t>(insn.imm);
    std::optional<uint32_t>& dst = reg_[insn.dst_reg];
    if (insn.code == (BPF_ALU | BPF_MOV | BPF_K)) {
      dst = operand;
    } else if (insn.code == (BPF_ALU | BPF_MOV | BPF_X)) {
      dst = reg_.at(insn.src_reg).value();
    } else if (insn.code == (BPF_ALU | BPF_AND | BPF_K)) {
      dst = dst.value() & operand;
    } else if (insn.code == (BPF_ALU | BPF_SUB | BPF_K)) {
      dst = dst.value() - operand;
    } else if (insn.code == (BPF_ALU | BPF_RSH | BPF_K)) {
      dst = dst.value() >> operand;
    } else if (insn.code == (BPF_ALU | BPF_END | BPF_TO_BE) && insn.imm == 16) {
      dst = htons(static_cast<uint16_t>(dst.value()));
    } else {
      return std::nullopt;
    }
    return false;
  }

  std::optional<bool> jumps(const bpf_insn& insn) const {
    if (insn.code == (BPF_JMP | BPF_JA)) {
      return true;
    }
    const auto operand = static_cast<uint32_t>(insn.imm);
    const uint32_t value = reg_[insn.dst_reg].value();
    switch (insn.code) {
      case BPF_JMP32 | BPF_JNE | BPF_K:
        return value != operand;
      case BPF_JMP32 | BPF_JEQ | BPF_K:
        return value == operand;
      case BPF_JMP32 | BPF_JLE | BPF_K:
        return value <= operand;
      case BPF_JMP32 | BPF_JSET | BPF_K:
        return (value & operand) != 0;
      default:
        return std::nullopt;
    }
  }

  std::string_view context_;
  std::array<std::optional<uint32_t>, 10> reg_;
};

template <typename Context>
std::optional<uint32_t> interpret(const std::vector<bpf_insn>& code, const Context& context) {
  return BpfInterpreter({reinterpret_cast<const char*>(&context), sizeof context}).run(code);
}

// The verifier refuses unreachable instructions and jumps out of the program.
inline bool is_well_formed(const std::vector<bpf_insn>& code) {
  std::vector<bool> reached(code.size());
  std::vector<size_t> open = {0};
  while (!open.empty()) {
    const size_t pc = open.back();
    open.pop_back();
    if (pc >= code.size()) {
      return false;
    }
    if (reached[pc]) {
      continue;
    }
    reached[pc] = true;
    const uint8_t kind = code[pc].code & 7;
    const bool jumps =
        (kind == BPF_JMP || kind == BPF_JMP32) && code[pc].code != (BPF_JMP | BPF_EXIT);
    if (jumps) {
      open.push_back(pc + 1 + static_cast<size_t>(code[pc].off));
    }
    if (code[pc].code != (BPF_JMP | BPF_EXIT) && code[pc].code != (BPF_JMP | BPF_JA)) {
      open.push_back(pc + 1);
    }
  }
  return std::find(reached.begin(), reached.end(), false) == reached.end();
}

}  // namespace redoubt::sandbox

#endif  // REDOUBT_TESTS_UNIT_SANDBOX_BPF_INTERPRETER_H_
