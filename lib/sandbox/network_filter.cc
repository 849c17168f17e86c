// Shape of a program: for each protocol the blocks of addresses, each "if the address lies in it:
// allow its ports"; at the end: deny.
//
// Comparisons work on masked copies, also of whole words. A comparison of the register itself would
// teach the verifier its value, and it would follow the rest of the program once for every value:
// quadratic in the endpoints, and refused beyond a million instructions.
#include "sandbox/network_filter.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/str.h"
#include "sandbox/bpf_assembler.h"
#include "sandbox/network_rules.h"

namespace redoubt::sandbox {
namespace {

constexpr uint8_t kProtocol = BPF_REG_2;
constexpr uint8_t kPort = BPF_REG_3;       // host byte order
constexpr uint8_t kWords = BPF_REG_4;      // of an IPv6 address, four registers, network byte order
constexpr uint8_t kLastWord = kWords + 3;  // IPv4 alone, or in IPv6
constexpr uint8_t kScratch = BPF_REG_8;
constexpr uint32_t kPortMask = 0xffff;
constexpr uint8_t kWordBits = 32;

struct Verdicts {
  BpfAssembler::Label allow, deny;
};

bool is_ipv6(NetworkHook hook) {
  return hook == NetworkHook::kConnect6 || hook == NetworkHook::kSendmsg6 ||
         hook == NetworkHook::kBind6;
}

bool is_connect(NetworkHook hook) {
  return hook == NetworkHook::kConnect4 || hook == NetworkHook::kConnect6;
}

bool is_sendmsg(NetworkHook hook) {
  return hook == NetworkHook::kSendmsg4 || hook == NetworkHook::kSendmsg6;
}

// False when nothing gets past the jump: code behind it would be unreachable, which the verifier
// refuses.
bool emit_ports(const Ports& ports, const Verdicts& verdicts, BpfAssembler& out) {
  if (has_all_ports(ports)) {
    out.jump(verdicts.allow);
    return false;
  }
  for (const PortRange& range : ports) {
    if (range.first == range.last) {
      out.jump_if(BPF_JEQ, kPort, range.first, verdicts.allow);
    } else {
      out.copy(kScratch, kPort);
      out.compute(BPF_SUB, kScratch, range.first);
      out.compute(BPF_AND, kScratch, kPortMask);
      out.jump_if(BPF_JLE, kScratch, uint32_t{range.last} - range.first, verdicts.allow);
    }
  }
  return true;
}

// To `outside` when the address does not lie in the block.
void emit_address(const AddressBlock& block,
                  uint8_t first_word,
                  BpfAssembler::Label outside,
                  BpfAssembler& out) {
  for (uint8_t i = 0; i * kWordBits < block.prefix; ++i) {
    const int bits = std::min<int>(block.prefix - i * kWordBits, kWordBits);
    uint32_t word = 0;
    ::memcpy(&word, block.address.data() + size_t{4} * i, sizeof word);
    out.copy(kScratch, static_cast<uint8_t>(first_word + i));
    out.compute(BPF_AND, kScratch, htonl(~uint32_t{0} << (kWordBits - bits)));
    out.jump_if(BPF_JNE, kScratch, word, outside);
  }
}

bool emit_blocks(const std::vector<AddressBlock>& blocks,
                 uint8_t first_word,
                 const Verdicts& verdicts,
                 BpfAssembler& out) {
  for (const AddressBlock& block : blocks) {
    const BpfAssembler::Label next = out.new_label();
    emit_address(block, first_word, next, out);
    const bool continues = emit_ports(block.ports, verdicts, out);
    if (!continues && block.prefix == 0) {
      return false;
    }
    out.place(next);
  }
  return true;
}

// What an address that is not looked at any further is allowed; nothing gets past.
void emit_end(const Ports& ports, const Verdicts& verdicts, BpfAssembler& out) {
  if (emit_ports(ports, verdicts, out)) {
    out.jump(verdicts.deny);
  }
}

// Nothing gets past.
void emit_ipv4(const std::vector<AddressBlock>& blocks,
               const Verdicts& verdicts,
               BpfAssembler& out) {
  const BpfAssembler::Label specified = out.new_label();
  out.jump_if(BPF_JNE, kLastWord, 0, specified);
  emit_end(ports_of_any_address(blocks), verdicts, out);
  out.place(specified);
  if (emit_blocks(blocks, kLastWord, verdicts, out)) {
    out.jump(verdicts.deny);
  }
}

// Nothing gets past.
void emit_ipv6(const std::vector<AddressBlock>& blocks,
               const std::vector<AddressBlock>& ipv4_blocks,
               const Verdicts& verdicts,
               BpfAssembler& out) {
  const BpfAssembler::Label specified = out.new_label();
  const BpfAssembler::Label mapped = out.new_label();
  out.jump_if(BPF_JNE, kWords, 0, specified);
  out.jump_if(BPF_JNE, kWords + 1, 0, specified);
  out.jump_if(BPF_JEQ, kWords + 2, htonl(0xffff), mapped);
  out.jump_if(BPF_JNE, kWords + 2, 0, specified);
  out.jump_if(BPF_JNE, kLastWord, 0, specified);
  emit_end(
      common_ports(ports_of_any_address(blocks), ports_of_any_address(ipv4_blocks)), verdicts, out);
  out.place(mapped);
  emit_ipv4(ipv4_blocks, verdicts, out);
  out.place(specified);
  if (emit_blocks(blocks, kWords, verdicts, out)) {
    out.jump(verdicts.deny);
  }
}

void load_context(NetworkHook hook, BpfAssembler& out) {
  out.load(kProtocol, offsetof(bpf_sock_addr, protocol));
  out.load(kPort, offsetof(bpf_sock_addr, user_port));
  out.from_network_16(kPort);
  if (!is_ipv6(hook)) {
    out.load(kLastWord, offsetof(bpf_sock_addr, user_ip4));
    return;
  }
  for (uint8_t i = 0; i < 4; ++i) {
    out.load(static_cast<uint8_t>(kWords + i), offsetof(bpf_sock_addr, user_ip6) + size_t{4} * i);
  }
}

void emit_protocol(NetworkHook hook,
                   const std::vector<plan::NetworkEndpoint>& allowed,
                   bool udp,
                   const Verdicts& verdicts,
                   BpfAssembler& out) {
  const BpfAssembler::Label other = out.new_label();
  out.jump_if(BPF_JNE, kProtocol, udp ? IPPROTO_UDP : IPPROTO_TCP, other);
  if (udp && !is_connect(hook)) {
    // Of bind: see the header. Of sendmsg: the kernel refuses port 0 before it asks, and gives
    // zeros when a socket that is connected, and was judged then, sends with control messages.
    out.jump_if(BPF_JEQ, kPort, 0, verdicts.allow);
  }
  const std::vector<AddressBlock> ipv4 = address_blocks(allowed, udp, false);
  if (is_ipv6(hook)) {
    emit_ipv6(address_blocks(allowed, udp, true), ipv4, verdicts, out);
  } else {
    emit_ipv4(ipv4, verdicts, out);
  }
  out.place(other);
}

void finish(const Verdicts& verdicts, BpfAssembler& out) {
  out.place(verdicts.deny);
  out.finish(0);
  if (out.is_used(verdicts.allow)) {
    out.place(verdicts.allow);
    out.finish(1);
  }
}

Status check_count(const char* field, const std::vector<plan::NetworkEndpoint>& endpoints) {
  return endpoints.size() <= plan::kMaxNetworkEndpoints
             ? Status()
             : Error::invalid(concat(field,
                                     ": ",
                                     endpoints.size(),
                                     " endpoints are more than the limit of ",
                                     plan::kMaxNetworkEndpoints));
}

}  // namespace

Status check_network_filter(const plan::NetworkFilter& filter) {
  TRY(check_count("network.connect", filter.connect));
  return check_count("network.bind", filter.bind);
}

std::vector<bpf_insn> build_network_program(NetworkHook hook,
                                            const std::vector<plan::NetworkEndpoint>& allowed) {
  BpfAssembler out;
  const Verdicts verdicts = {out.new_label(), out.new_label()};
  load_context(hook, out);
  if (!is_sendmsg(hook)) {
    emit_protocol(hook, allowed, false, verdicts, out);
  }
  emit_protocol(hook, allowed, true, verdicts, out);
  finish(verdicts, out);
  return out.take();
}

// Raw sockets may have the protocol of TCP: the type counts as well.
std::vector<bpf_insn> build_socket_program() {
  constexpr uint8_t kType = BPF_REG_3;
  BpfAssembler out;
  const Verdicts verdicts = {out.new_label(), out.new_label()};
  const BpfAssembler::Label datagram = out.new_label();
  out.load(kProtocol, offsetof(bpf_sock, protocol));
  out.load(kType, offsetof(bpf_sock, type));
  out.jump_if(BPF_JNE, kType, SOCK_STREAM, datagram);
  out.jump_if(BPF_JEQ, kProtocol, IPPROTO_TCP, verdicts.allow);
  out.jump(verdicts.deny);
  out.place(datagram);
  out.jump_if(BPF_JNE, kType, SOCK_DGRAM, verdicts.deny);
  out.jump_if(BPF_JEQ, kProtocol, IPPROTO_UDP, verdicts.allow);
  finish(verdicts, out);
  return out.take();
}

}  // namespace redoubt::sandbox
