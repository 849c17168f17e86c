// The journal's protocol, against a socket in journald's place.
#include "base/journal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/io.h"
#include "base/str.h"

namespace redoubt {
namespace {

using ::testing::HasSubstr;

TEST(JournalRecord, WritesAPlainValueAsALine) {
  EXPECT_EQ(JournalRecord().add("MESSAGE", "hello = you").add("PRIORITY", "4").bytes(),
            "MESSAGE=hello = you\nPRIORITY=4\n");
  EXPECT_EQ(JournalRecord().add("REDOUBT_OBJECT", "").bytes(), "REDOUBT_OBJECT=\n");
}

// A program may be called "a\nPRIORITY=7": it stays one value.
TEST(JournalRecord, SendsALineFeedByLengthSoThatNoFieldCanBeForged) {
  const std::string value = "a\nPRIORITY=7";
  const std::string length("\x0c\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(JournalRecord().add("REDOUBT_COMM", value).bytes(),
            concat("REDOUBT_COMM\n", length, value, "\n"));
}

TEST(JournalRecord, WritesTheLengthInLittleEndian) {
  const std::string value = std::string(0x1ff, 'x') + "\n";
  EXPECT_EQ(JournalRecord().add("A", value).bytes().substr(0, 10),
            std::string("A\n\x00\x02\0\0\0\0\0\0", 10));
}

class JournalSocket : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redoubt-journal-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    path_ = directory_ + "/socket";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    receiver_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(receiver_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval patience = {5, 0};
    ::setsockopt(receiver_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  void TearDown() override {
    ::unlink(path_.c_str());
    ::rmdir(directory_.c_str());
  }

  struct Message {
    std::string payload;
    UniqueFd fd;
  };
  Message receive() const {
    Message result;
    char buffer[4096];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    iovec part = {buffer, sizeof buffer};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t length = ::recvmsg(receiver_.get(), &message, MSG_CMSG_CLOEXEC);
    result.payload.assign(buffer, length > 0 ? static_cast<size_t>(length) : 0);
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr) {
      int received = -1;
      ::memcpy(&received, CMSG_DATA(header), sizeof received);
      result.fd.reset(received);
    }
    return result;
  }

  std::string directory_, path_;
  UniqueFd receiver_;
};

TEST_F(JournalSocket, GetsARecordAsOneDatagram) {
  const Result<Journal> journal = Journal::open(path_);
  ASSERT_TRUE(journal);
  ASSERT_TRUE(journal->send(JournalRecord().add("MESSAGE", "one")));
  ASSERT_TRUE(journal->send(JournalRecord().add("MESSAGE", "two")));
  EXPECT_EQ(receive().payload, "MESSAGE=one\n");
  EXPECT_EQ(receive().payload, "MESSAGE=two\n");
}

// Larger than any socket buffer. journald refuses memory that its sender could still change.
TEST_F(JournalSocket, GetsALargeRecordAsSealedMemory) {
  const Result<Journal> journal = Journal::open(path_);
  ASSERT_TRUE(journal);
  JournalRecord record;
  record.add("MESSAGE", std::string(size_t{8} << 20, 'm'));
  ASSERT_TRUE(journal->send(record));
  const Message message = receive();
  EXPECT_EQ(message.payload, "");
  ASSERT_TRUE(message.fd.valid());
  EXPECT_EQ(::fcntl(message.fd.get(), F_GET_SEALS),
            F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  ASSERT_EQ(::lseek(message.fd.get(), 0, SEEK_SET), 0);
  EXPECT_EQ(read_all(message.fd.get(), size_t{16} << 20, "record").value(), record.bytes());
}

TEST_F(JournalSocket, SaysWhoIsMissing) {
  ::unlink(path_.c_str());
  const Result<Journal> journal = Journal::open(path_);
  ASSERT_FALSE(journal);
  EXPECT_THAT(journal.error().message(), HasSubstr(path_));
  EXPECT_THAT(journal.error().message(), HasSubstr("systemd-journald"));
  EXPECT_FALSE(Journal::open(std::string(108, 'x')));
}

}  // namespace
}  // namespace redoubt
