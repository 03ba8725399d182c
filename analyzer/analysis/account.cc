#include "analyzer/analysis/account.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "analyzer/analysis/range_set.h"
#include "analyzer/base/base_name.h"
#include "analyzer/snapshot/sections.h"

namespace heapline {
namespace {

struct KindWords {
  AccountKind kind;
  const char* name;
  const char* key;
};

constexpr KindWords kKinds[] = {
    {AccountKind::kLive, "live", "live blocks"},
    {AccountKind::kAllocator, "allocator", "allocator free and slack"},
    {AccountKind::kStacks, "stacks", "thread stacks"},
    {AccountKind::kTracer, "tracer", "the tracer itself"},
    {AccountKind::kAnonymous, "anonymous", "other anonymous memory"},
    {AccountKind::kUnexplained, "unexplained", "unexplained"},
    {AccountKind::kFile, "file", ""},
};

// How the shim calls its own memory among the mappings.
constexpr absl::string_view kTracerPath = "[heapline]";
constexpr absl::string_view kTracerLibrary = "libheapline.so";

bool IsHeapPath(absl::string_view path) { return path == "[heap]"; }

bool IsStackPath(absl::string_view path) {
  return absl::StartsWith(path, "[stack");
}

// No allocator's and no stack: memory of the program that it has protected
// from writing since, as JIT code.
bool IsProtected(const Mapping& mapping) {
  return (mapping.flags & HL_MAPPING_WRITE) == 0;
}

// Memory without a file, as a program or its allocator maps it.
bool IsAnonymous(const Mapping& mapping) {
  return mapping.path.empty() || IsHeapPath(mapping.path) ||
         absl::StartsWith(mapping.path, "[anon");
}

bool IsTracersLibrary(absl::string_view path) {
  return absl::StartsWith(BaseName(path), kTracerLibrary);
}

// A mapping with what stands in it.
struct ChargedMapping {
  const Mapping* mapping = nullptr;
  uint64_t end = 0;
  uint64_t rss_bytes = 0;
  uint64_t live_bytes = 0;  // requested bytes that lie in it
  bool has_blocks = false;
};

class Accountant {
 public:
  explicit Accountant(const Snapshot& snapshot) : snapshot_(snapshot) {}
  Account Make();

 private:
  void CollectMappings();
  RangeSet* RangesOf(uint8_t root_kind);
  void CollectRanges();
  void SpreadBlocks(const BlockColumns& blocks,
                    const std::vector<size_t>& containers);
  void Charge(const ChargedMapping& place);
  void ChargeRest(const ChargedMapping& place, uint64_t bytes);
  void ChargeAnonymous(const ChargedMapping& place, uint64_t bytes);
  const Module* ModuleAt(uint64_t address) const;

  const Snapshot& snapshot_;
  std::vector<ChargedMapping> mappings_;  // ascending
  std::vector<const Module*> modules_;
  // What the shim took memory for when it searched it.
  RangeSet stacks_;
  RangeSet own_;    // the program's, beside the heap
  RangeSet heap_;   // the allocator's
  RangeSet known_;  // anything else, and what the program was seen to map
  uint64_t live_bytes_ = 0;
  std::map<const Module*, std::string> path_of_module_;  // as the kernel says
  std::map<AccountKind, uint64_t> bytes_;
  std::map<std::string, uint64_t> file_bytes_;
};

void Accountant::CollectMappings() {
  uint64_t sum = 0;
  for (const Mapping& mapping : snapshot_.mappings) {
    ChargedMapping place;
    place.mapping = &mapping;
    place.end = mapping.start + mapping.bytes;
    place.rss_bytes =
        std::min({mapping.rss_bytes, mapping.bytes, kMaxTotal - sum});
    sum += place.rss_bytes;
    mappings_.push_back(place);
  }
  std::stable_sort(mappings_.begin(), mappings_.end(),
                   [](const ChargedMapping& a, const ChargedMapping& b) {
                     return a.mapping->start < b.mapping->start;
                   });
  for (const Module& module : snapshot_.modules) {
    if ((module.flags & HL_MODULE_UNLOADED) == 0) modules_.push_back(&module);
  }
  std::stable_sort(
      modules_.begin(), modules_.end(),
      [](const Module* a, const Module* b) { return a->start < b->start; });
}

RangeSet* Accountant::RangesOf(uint8_t root_kind) {
  switch (root_kind) {
    case HL_ROOT_TLS:
    case HL_ROOT_THREAD:
    case HL_ROOT_STACK:
      return &stacks_;
    case HL_ROOT_MAPPING:
      return &own_;
    case HL_ROOT_UNTRACED:
      return &heap_;
    default:
      return &known_;
  }
}

void Accountant::CollectRanges() {
  for (const Thread& thread : snapshot_.threads) {
    if (thread.stack_pointer == 0 || thread.stack_pointer == UINT64_MAX) {
      continue;
    }
    stacks_.Add(thread.stack_pointer,
                std::max(thread.stack_end, thread.stack_pointer + 1));
  }
  for (const RootArea& area : snapshot_.root_areas) {
    // Of memory that the snapshot's child does not get nothing was searched.
    RangesOf(area.kind)->Add(area.start,
                             area.start + area.bytes + area.unreadable_bytes);
  }
  const BlockColumns& regions = snapshot_.mapped_regions;
  for (size_t i = 0; i < regions.size(); ++i) {
    known_.Add(regions.address[i],
               regions.address[i] + regions.requested_bytes[i]);
  }
  for (RangeSet* const ranges : {&stacks_, &own_, &heap_, &known_}) {
    ranges->Seal();
  }
}

// Each block's bytes to the mappings it lies in. A block ends where the next
// begins, at the latest: one pass over both lists.
void Accountant::SpreadBlocks(const BlockColumns& blocks,
                              const std::vector<size_t>& containers) {
  auto container = containers.begin();
  size_t first = 0;  // the first place that does not end before the block
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (container != containers.end() && *container == i) {
      ++container;
      continue;
    }
    const uint64_t start = blocks.address[i];
    live_bytes_ += blocks.requested_bytes[i];
    uint64_t end = start + blocks.requested_bytes[i];
    if (i + 1 < blocks.size()) end = std::min(end, blocks.address[i + 1]);
    while (first < mappings_.size() && mappings_[first].end <= start) ++first;
    for (size_t p = first; p < mappings_.size(); ++p) {
      ChargedMapping& place = mappings_[p];
      const uint64_t begin = std::max(start, place.mapping->start);
      if (begin > start && begin >= end) break;
      place.has_blocks = true;
      if (std::min(end, place.end) > begin) {
        place.live_bytes += std::min(end, place.end) - begin;
      }
      if (place.end >= end) break;
    }
  }
}

const Module* Accountant::ModuleAt(uint64_t address) const {
  const auto behind = std::upper_bound(
      modules_.begin(), modules_.end(), address,
      [](uint64_t at, const Module* module) { return at < module->start; });
  if (behind == modules_.begin() || address >= (*(behind - 1))->end) {
    return nullptr;
  }
  return *(behind - 1);
}

void Accountant::Charge(const ChargedMapping& place) {
  const uint64_t live = std::min(place.live_bytes, place.rss_bytes);
  bytes_[AccountKind::kLive] += live;
  ChargeRest(place, place.rss_bytes - live);
}

// What of a mapping is no live block.
void Accountant::ChargeRest(const ChargedMapping& place, uint64_t bytes) {
  const Mapping& mapping = *place.mapping;
  const Module* const module = ModuleAt(mapping.start);
  if (IsStackPath(mapping.path)) {
    bytes_[AccountKind::kStacks] += bytes;
  } else if (mapping.path == kTracerPath || IsTracersLibrary(mapping.path) ||
             (module != nullptr && IsTracersLibrary(module->path))) {
    bytes_[AccountKind::kTracer] += bytes;
  } else if (!IsAnonymous(mapping)) {
    if (module != nullptr) path_of_module_[module] = mapping.path;
    file_bytes_[mapping.path] += bytes;
  } else if (module != nullptr) {  // .bss
    // The loader may know the file by another name than the kernel.
    const auto path = path_of_module_.find(module);
    file_bytes_[path == path_of_module_.end() ? module->path : path->second] +=
        bytes;
  } else {
    ChargeAnonymous(place, bytes);
  }
}

// The kernel shows neighbours as one mapping: stacks and the program's own
// memory may be in one with the heap's.
void Accountant::ChargeAnonymous(const ChargedMapping& place, uint64_t bytes) {
  const Mapping& mapping = *place.mapping;
  const uint64_t start = mapping.start;
  const uint64_t own = own_.BytesWithin(start, place.end);
  const uint64_t stack = stacks_.BytesWithin(start, place.end);
  uint64_t own_resident = std::min(bytes, own);
  AccountKind rest = AccountKind::kUnexplained;
  if (place.has_blocks || IsHeapPath(mapping.path) ||
      heap_.Overlaps(start, place.end)) {
    rest = AccountKind::kAllocator;
    const uint64_t stack_resident = std::min(bytes, stack);
    bytes_[AccountKind::kStacks] += stack_resident;
    bytes -= stack_resident;
    // Both may be resident in part: as much of one as of the other.
    const absl::uint128 others = absl::uint128(place.live_bytes) + stack + own;
    const absl::uint128 heap =
        others < mapping.bytes ? absl::uint128(mapping.bytes) - others : 0;
    own_resident =
        own == 0
            ? 0
            : absl::Uint128Low64(absl::uint128(bytes) * own / (heap + own));
  } else if (stack > 0) {
    rest = AccountKind::kStacks;
  } else if (own > 0 || known_.Overlaps(start, place.end) ||
             IsProtected(mapping) || !mapping.path.empty()) {
    rest = AccountKind::kAnonymous;
  }
  bytes_[AccountKind::kAnonymous] += own_resident;
  bytes_[rest] += bytes - own_resident;
}

Account Accountant::Make() {
  CollectMappings();
  CollectRanges();
  SpreadBlocks(snapshot_.blocks, ContainerBlocks(snapshot_));
  SpreadBlocks(snapshot_.pool_blocks, {});
  Account account;
  for (const ChargedMapping& place : mappings_) {
    Charge(place);
    account.rss_bytes += place.rss_bytes;
  }
  account.live_bytes = live_bytes_;
  const uint64_t resident = bytes_[AccountKind::kLive];
  account.absent_live_bytes =
      live_bytes_ > resident ? live_bytes_ - resident : 0;
  for (const KindWords& row : kKinds) {
    if (row.kind == AccountKind::kFile) continue;
    account.rows.push_back({row.kind, row.key, bytes_[row.kind]});
  }
  for (const auto& [path, bytes] : file_bytes_) {
    if (bytes > 0) account.rows.push_back({AccountKind::kFile, path, bytes});
  }
  return account;
}

}  // namespace

uint64_t Account::BytesOf(AccountKind kind) const {
  uint64_t bytes = 0;
  for (const AccountRow& row : rows) {
    if (row.kind == kind) bytes += row.bytes;
  }
  return bytes;
}

Account AccountOf(const Snapshot& snapshot) {
  return Accountant(snapshot).Make();
}

void AddAccount(const Account& more, Account* sum) {
  std::map<std::string, uint64_t> files;
  std::vector<AccountRow> rows;
  for (const KindWords& words : kKinds) {
    if (words.kind == AccountKind::kFile) continue;
    rows.push_back({words.kind, words.key,
                    sum->BytesOf(words.kind) + more.BytesOf(words.kind)});
  }
  for (const Account* const part : {static_cast<const Account*>(sum), &more}) {
    for (const AccountRow& row : part->rows) {
      if (row.kind == AccountKind::kFile) files[row.key] += row.bytes;
    }
  }
  for (const auto& [path, bytes] : files) {
    rows.push_back({AccountKind::kFile, path, bytes});
  }
  sum->rows = std::move(rows);
  sum->rss_bytes += more.rss_bytes;
  sum->live_bytes += more.live_bytes;
  sum->absent_live_bytes += more.absent_live_bytes;
}

bool IsFragmented(const Account& account) {
  return account.BytesOf(AccountKind::kAllocator) >
         account.BytesOf(AccountKind::kLive) / 2;
}

const char* AccountKindName(AccountKind kind) {
  for (const KindWords& row : kKinds) {
    if (row.kind == kind) return row.name;
  }
  return "";
}

}  // namespace heapline
