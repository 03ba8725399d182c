#include "tests/format/test_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/snapshot/snapshot_encoder.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "analyzer/snapshot/text_form.h"
#include "heapline/snapshot_encoding.h"

namespace heapline {

const char kEveryKind[] =
    R"text(heapline-text 1
architecture x86_64
property program "app"
property pid 4711
property start_time_ns 1700000000000000000
property reason "request"
property label "a \"label\" with \\ and \xff and \x1b and é"
property sequence 2
property live_bytes 656
property live_count 4
property complete 1
property graph 1
property pause_us 120
property child_us 3400
property 9001 17
property 9002 "of a later version"
module 0x400000 0x500000 flags=main build-id=ab12cd "/usr/bin/app"
module 0x70000000 0x70100000 bias=0x70000000 generation=1 flags=unloaded "a b"
module 0x7ffff000 0x80000000 bias=-0x1000 flags=vdso,0x80 ""
thread 4711 flags=leader,in-vfork node=1 sp=0x7e10 stack-end=0x7f00 "app"
thread 4712 node=7 "worker"
label 1 "main"
label 7 address=0x401000 "worker #"
node 1 parent=0 thread 0x0
node 2 parent=1 return 0x401234
node 3 parent=2 return 0x70001000 generation=1
node 4 parent=2 guessed 0x401300
node 5 parent=1 instruction 0xffffffffff600000
node 6 parent=0 special truncated
node 7 parent=0 thread 0x401000
node 8 parent=7 scope 0x1
node 9 parent=6 return 0x401400
symbol 2 function="main" at="main.cc:10" module="app"
symbol 4 inlined function="std::vector<int>::push_back(int)" at="vec tor.h:0"
symbol 4 function="Fill()" at="fill.cc:77" module="app"
counter 3 count=3 bytes=192 temporary=1
counter 9 count=1000000 bytes=18446744073
epoch 0 started_ns=0
epoch 1 started_ns=1000000000 snapshot=0
epoch 2 started_ns=2500000000 snapshot=1
block 0x602010 size=64 node=3 epoch=1
block 0x602060 size=64 node=3 epoch=2
block 0x700000 size=4096 node=4 epoch=1
block 0x7f1000000010 size=512 node=9 epoch=2
pool-block 0x700010 size=16 node=8 epoch=2
mapped-region 0x7f2000000000 size=1048576 node=2
mapping 0x400000 bytes=65536 rss=4096 flags=read,execute,private "app"
root-region 0x404000 bytes=64
expected-dead 0x602010 "request"
root global 0 0x404010 0x602010
root tls 4712 0x7e28 0x602060 +0x8
root thread 4712 0x7f1000000300 0x7f1000000010 +0x200
root region 0 0x404000 0x602010
root register 4711 16 0x602060
root stack 4711 0x7e18 0x602060 +0x40
root mapping 0 0x7f3000000000 0x700000
root untraced 0 0x603000 0x123450
edge 0x602010 +0x8 0x602060
edge 0x602010 +0x18 0x602010 +0x10
edge 0x602060 +0x0 0x602010
edge 0x7f1000000010 +0x1f8 0x700000 +0x1000
edge 0x7f1000000020 +0x0 0x10
weak-edge 0x602010 +0x20 0x602060 +0x8
word 0x602010 0 module 0x400120
word 0x602010 1 counts 1 1048575
word 0x602060 0 module 0x400120
word 0x7f1000000010 7 counts 3 0
type-name 0x400800 "dict"
type-name 0x700000 "a \"type\" of \x1b"
root-area global 0 0x404000 4096
root-area stack 4711 0x7e00 256 unreadable 16
section 99 records=1
hex 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20
hex 21
section 77001 records=0
)text";

absl::Span<const unsigned char> Bytes(const std::string& bytes) {
  return {reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()};
}

Snapshot SnapshotOf(absl::string_view text) {
  const std::string whole = absl::StrCat(HL_TEXT_MAGIC, "\n", text);
  absl::StatusOr<Snapshot> snapshot = ParseTextForm(whole, "test");
  EXPECT_TRUE(snapshot.ok()) << snapshot.status();
  return snapshot.ok() ? *std::move(snapshot) : Snapshot();
}

std::string FileOf(absl::string_view text) {
  return EncodeSnapshot(SnapshotOf(text));
}

std::string EncodedEveryKind() {
  absl::StatusOr<Snapshot> snapshot = ParseTextForm(kEveryKind, "test");
  EXPECT_TRUE(snapshot.ok()) << snapshot.status();
  return snapshot.ok() ? EncodeSnapshot(*snapshot) : "";
}

Snapshot MustRead(const std::string& file) {
  absl::StatusOr<Snapshot> snapshot = TryParseSnapshot(Bytes(file), "test");
  EXPECT_TRUE(snapshot.ok()) << snapshot.status();
  return snapshot.ok() ? *std::move(snapshot) : Snapshot();
}

std::string ErrorOf(const std::string& file) {
  const absl::StatusOr<Snapshot> snapshot =
      TryParseSnapshot(Bytes(file), "test");
  EXPECT_FALSE(snapshot.ok());
  return std::string(snapshot.status().message());
}

std::string DamageOf(const std::string& file) {
  return absl::StrJoin(MustRead(file).damage, "\n");
}

std::string Varints(std::initializer_list<uint64_t> values) {
  std::string payload;
  for (const uint64_t value : values) {
    unsigned char bytes[kVarintBytes];
    const unsigned char* const end = PutVarint(bytes, value);
    payload.append(reinterpret_cast<const char*>(bytes), end - bytes);
  }
  return payload;
}

std::string FileHeader(uint32_t version) {
  HlFileHeader header;
  std::memset(&header, 0, sizeof header);
  std::memcpy(header.magic, HL_MAGIC, HL_MAGIC_BYTES);
  header.version = version;
  header.header_bytes = sizeof header;
  header.architecture = HL_ARCH_X86_64;
  header.pointer_bytes = 8;
  SealFileHeader(&header);
  return std::string(reinterpret_cast<const char*>(&header), sizeof header);
}

FileBuilder::FileBuilder() : file_(FileHeader(HL_FORMAT_VERSION)) {}

FileBuilder& FileBuilder::Add(uint32_t id, uint64_t record_count,
                              absl::string_view payload) {
  HlSectionHeader header;
  std::memset(&header, 0, sizeof header);
  header.id = id;
  header.stored_bytes = payload.size();
  header.plain_bytes = payload.size();
  header.record_count = record_count;
  return AddWithHeader(header, payload);
}

FileBuilder& FileBuilder::AddWithHeader(HlSectionHeader header,
                                        absl::string_view payload) {
  header.checksum = 0;
  // A header that claims more than its payload has no checksum to hold.
  if (header.stored_bytes == payload.size()) {
    header.checksum = SectionChecksum(header, payload.data());
  }
  file_.append(reinterpret_cast<const char*>(&header), sizeof header);
  file_.append(payload.data(), payload.size());
  return *this;
}

FileBuilder& FileBuilder::End() { return Add(HL_SECTION_END, 0, ""); }

TestDirectory::TestDirectory() {
  const char* const base = std::getenv("TMPDIR");
  path_ =
      absl::StrCat(base != nullptr ? base : "/tmp", "/heapline-test-XXXXXX");
  EXPECT_NE(mkdtemp(&path_[0]), nullptr);
}

TestDirectory::~TestDirectory() { std::filesystem::remove_all(path_); }

std::string TestDirectory::Write(absl::string_view name,
                                 absl::string_view bytes, mode_t mode) const {
  const std::string path = absl::StrCat(path_, "/", name);
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), bytes.size());
  out.close();
  EXPECT_TRUE(out.good());
  EXPECT_EQ(chmod(path.c_str(), mode), 0);
  return path;
}

std::string TestDirectory::Read(absl::string_view name) const {
  std::ifstream in(absl::StrCat(path_, "/", name), std::ios::binary);
  EXPECT_TRUE(in.good());
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

}  // namespace heapline
