// BpfAssembler: an eBPF program under construction, without libbpf. Jumps go forward to labels that
// are placed later. Arithmetic and comparisons are 32 bits wide: numbers are not sign-extended.
// Register 1 is the context throughout, as nothing is called. Used by the generators of cgroup
// programs (device_filter.cc, network_filter.cc).
#ifndef REDOUBT_SANDBOX_BPF_ASSEMBLER_H_
#define REDOUBT_SANDBOX_BPF_ASSEMBLER_H_

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace redoubt::sandbox {

class BpfAssembler {
 public:
  using Label = size_t;

  Label new_label() {
    labels_.push_back({});
    return labels_.size() - 1;
  }
  bool is_used(Label label) const { return !labels_[label].empty(); }

  // 32 bits of the context.
  void load(uint8_t to, size_t offset) {
    emit(BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_1, static_cast<int16_t>(offset), 0);
  }
  void copy(uint8_t to, uint8_t from) { emit(BPF_ALU | BPF_MOV | BPF_X, to, from, 0, 0); }
  void compute(uint8_t operation, uint8_t to, uint32_t operand) {
    emit(BPF_ALU | operation | BPF_K, to, 0, 0, operand);
  }
  // The lower 16 bits from network to host byte order; the others become zero.
  void from_network_16(uint8_t reg) { emit(BPF_ALU | BPF_END | BPF_TO_BE, reg, 0, 0, 16); }
  void jump_if(uint8_t comparison, uint8_t reg, uint32_t operand, Label label) {
    labels_[label].push_back(code_.size());
    emit(BPF_JMP32 | comparison | BPF_K, reg, 0, 0, operand);
  }
  void jump(Label label) {
    labels_[label].push_back(code_.size());
    emit(BPF_JMP | BPF_JA, 0, 0, 0, 0);
  }
  void place(Label label) {
    for (const size_t from : labels_[label]) {
      code_[from].off = static_cast<int16_t>(code_.size() - from - 1);
    }
  }
  void finish(uint32_t result) {
    emit(BPF_ALU | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, result);
    emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }
  std::vector<bpf_insn> take() { return std::move(code_); }

 private:
  void emit(int code, uint8_t dst, uint8_t src, int16_t offset, uint32_t operand) {
    bpf_insn insn = {};
    insn.code = static_cast<uint8_t>(code);
    insn.dst_reg = dst & 0xf;
    insn.src_reg = src & 0xf;
    insn.off = offset;
    insn.imm = static_cast<int32_t>(operand);
    code_.push_back(insn);
  }

  std::vector<bpf_insn> code_;
  std::vector<std::vector<size_t>> labels_;  // the jumps to each
};

}  // namespace redoubt::sandbox

#endif  // REDOUBT_SANDBOX_BPF_ASSEMBLER_H_
