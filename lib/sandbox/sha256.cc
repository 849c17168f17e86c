#include "sandbox/sha256.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace redoubt::sandbox {
namespace {

using State = std::array<uint32_t, 8>;
constexpr size_t kBlock = 64;

// Fractional parts of the cube roots of the first 64 primes (FIPS 180-4, section 4.2.2).
constexpr std::array<uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t load_big_endian(const char* bytes) {
  uint32_t word = 0;
  for (size_t i = 0; i < 4; ++i) {
    word = (word << 8) | static_cast<uint8_t>(bytes[i]);
  }
  return word;
}

std::array<uint32_t, 64> message_schedule(const char* block) {
  std::array<uint32_t, 64> w{};
  for (size_t i = 0; i < 16; ++i) {
    w[i] = load_big_endian(block + 4 * i);
  }
  for (size_t i = 16; i < w.size(); ++i) {
    const uint32_t low = w[i - 15], high = w[i - 2];
    const uint32_t s0 = std::rotr(low, 7) ^ std::rotr(low, 18) ^ (low >> 3);
    const uint32_t s1 = std::rotr(high, 17) ^ std::rotr(high, 19) ^ (high >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  return w;
}

void compress(State& state, const char* block) {
  const std::array<uint32_t, 64> w = message_schedule(block);
  auto [a, b, c, d, e, f, g, h] = state;
  for (size_t i = 0; i < w.size(); ++i) {
    const uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t t1 = h + sum1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    const uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const State added = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < state.size(); ++i) {
    state[i] += added[i];
  }
}

// What is left of the text, then 0x80, zeros and the length in bits: one or two blocks.
std::string final_blocks(std::string_view rest, uint64_t total_bytes) {
  std::string tail(rest);
  tail.push_back(static_cast<char>(0x80));
  while (tail.size() % kBlock != kBlock - 8) {
    tail.push_back('\0');
  }
  const uint64_t bits = total_bytes * 8;
  for (int shift = 56; shift >= 0; shift -= 8) {
    tail.push_back(static_cast<char>((bits >> shift) & 0xff));
  }
  return tail;
}

void compress_all(State& state, std::string_view blocks) {
  for (size_t at = 0; at < blocks.size(); at += kBlock) {
    compress(state, blocks.data() + at);
  }
}

}  // namespace

void Sha256::update(std::string_view piece) {
  total_ += piece.size();
  if (!rest_.empty()) {
    const size_t missing = std::min(kBlock - rest_.size(), piece.size());
    rest_.append(piece.substr(0, missing));
    piece.remove_prefix(missing);
    if (rest_.size() < kBlock) {
      return;
    }
    compress(state_, rest_.data());
    rest_.clear();
  }
  const size_t whole = piece.size() - piece.size() % kBlock;
  compress_all(state_, piece.substr(0, whole));
  rest_.assign(piece.substr(whole));
}

Sha256Digest Sha256::finish() {
  compress_all(state_, final_blocks(rest_, total_));
  Sha256Digest digest{};
  for (size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

Sha256Digest sha256(std::string_view text) {
  Sha256 sum;
  sum.update(text);
  return sum.finish();
}

std::string to_hex(const Sha256Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const uint8_t byte : digest) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

}  // namespace redoubt::sandbox
