#include "analyzer/symbolize/dwarf_index.h"

#include <dwarf.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/base/base_name.h"

namespace heapline {
namespace {

// Rows of line tables held at once: some 40 bytes each in libdw.
constexpr size_t kMaxLinesHeld = size_t{4} << 20;
constexpr size_t kMaxUnitRanges = size_t{32} << 20;
// The size of a split unit is not known before it is read.
constexpr uint64_t kSplitUnitBytes = uint64_t{64} << 20;
constexpr size_t kMaxFrames = 256;  // inlined at one address

// True if something is at the path that must not be opened: libdw would wait
// for ever on a named pipe.
bool IsNoRegularFile(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

const char* TextOf(Dwarf_Die* die, unsigned int name) {
  Dwarf_Attribute attribute;
  if (dwarf_attr(die, name, &attribute) == nullptr) return nullptr;
  return dwarf_formstring(&attribute);
}

}  // namespace

DwarfIndex::DwarfIndex(const ElfModule& file, StringPool* texts)
    : file_(file), texts_(texts), names_(texts) {}

DwarfIndex::~DwarfIndex() {
  if (dwarf_ != nullptr) dwarf_end(dwarf_);
}

std::unique_ptr<DwarfIndex> DwarfIndex::Create(const ElfModule& file,
                                               const DebugFileSearch& search,
                                               StringPool* texts) {
  std::unique_ptr<DwarfIndex> index(new DwarfIndex(file, texts));
  if (!index->Begin()) return nullptr;
  index->UseAlternateFile(search);
  index->ReadUnits();
  if (index->units_.empty()) return nullptr;
  return index;
}

bool DwarfIndex::Begin() {
  dwarf_ = dwarf_begin_elf(file_.elf(), DWARF_C_READ, nullptr);
  if (dwarf_ != nullptr) alternate_.GiveTo(dwarf_);
  return dwarf_ != nullptr;
}

void DwarfIndex::UseAlternateFile(const DebugFileSearch& search) {
  alternate_.Open(dwarf_, file_, search);
  if (alternate_.missing_name().empty()) return;
  NoteProblem(absl::StrCat("its alternate debug file ",
                           alternate_.missing_name(),
                           " is missing: some names unknown; install it or "
                           "give its directory with --debug-dir"));
}

void DwarfIndex::ReadUnits() {
  Dwarf_CU* unit = nullptr;
  uint8_t unit_type = 0;
  Dwarf_Die die;
  Dwarf_Off previous_offset = 0;
  int status = 0;
  while ((status = dwarf_get_units(dwarf_, unit, &unit, nullptr, &unit_type,
                                   &die, nullptr)) == 0) {
    if (unit_type != DW_UT_compile && unit_type != DW_UT_skeleton) continue;
    const Dwarf_Off offset = dwarf_dieoffset(&die);
    // Up to this unit's end is not yet known: filled when the next one comes.
    if (!units_.empty()) units_.back().bytes = offset - previous_offset;
    previous_offset = offset;
    const auto index = static_cast<uint32_t>(units_.size());
    units_.push_back({offset, 0, unit_type == DW_UT_skeleton});
    Dwarf_Addr base = 0;
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;
    ptrdiff_t range = 0;
    while (unit_ranges_.size() < kMaxUnitRanges &&
           (range = dwarf_ranges(&die, range, &base, &low, &high)) > 0) {
      if (low < high) unit_ranges_.push_back({low, high, 0, index});
    }
  }
  if (status < 0) {
    NoteProblem(absl::StrCat("its debug information is damaged (",
                             dwarf_errmsg(-1),
                             "): some lines unknown; install it again"));
  }
  // The last one: bounded by a size that no unit has.
  if (!units_.empty()) units_.back().bytes = kSplitUnitBytes;
  SortIntervals(&unit_ranges_);
}

void DwarfIndex::NoteProblem(const std::string& problem) {
  if (problem_.empty()) problem_ = problem;
}

void DwarfIndex::StartAfresh() {
  names_.Clear();
  lines_read_ = 0;
  dwarf_end(dwarf_);
  dwarf_ = nullptr;
  Begin();
}

void DwarfIndex::Resolve(absl::Span<const uint64_t> addresses,
                         AnswerSink sink) {
  const std::vector<uint32_t> units = InnermostValues(unit_ranges_, addresses);
  std::vector<uint32_t> order;  // indices into addresses, by unit
  for (uint32_t i = 0; i < units.size(); ++i) {
    if (units[i] != kNoValue) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return units[a] < units[b]; });
  std::vector<uint64_t> of_unit;
  for (size_t first = 0; first < order.size();) {
    const uint32_t unit = units[order[first]];
    of_unit.clear();
    for (; first < order.size() && units[order[first]] == unit; ++first)
      of_unit.push_back(addresses[order[first]]);
    if (lines_read_ > kMaxLinesHeld) StartAfresh();
    if (dwarf_ == nullptr) return;
    ResolveUnit(units_[unit], of_unit, sink);
  }
}

bool DwarfIndex::SplitUnit(const Unit& unit, Dwarf_Die* skeleton,
                           Dwarf_Die* split) {
  if (!unit.is_skeleton) return false;
  const char* name = TextOf(skeleton, DW_AT_dwo_name);
  if (name == nullptr) name = TextOf(skeleton, DW_AT_GNU_dwo_name);
  if (name == nullptr) name = "";
  const char* directory = TextOf(skeleton, DW_AT_comp_dir);
  if (directory == nullptr) directory = "";
  const absl::string_view path = file_.path();
  const absl::string_view folder =
      absl::StrContains(path, '/') ? DirectoryName(path) : ".";
  const bool is_safe =
      !IsNoRegularFile(name[0] == '/' ? name
                                      : absl::StrCat(directory, "/", name)) &&
      !IsNoRegularFile(absl::StrCat(folder, "/", name));
  if (is_safe &&
      dwarf_cu_info(skeleton->cu, nullptr, nullptr, nullptr, split, nullptr,
                    nullptr, nullptr) == 0 &&
      dwarf_tag(split) == DW_TAG_compile_unit) {
    return true;
  }
  NoteProblem(absl::StrCat("its split debug file ", name,
                           " is missing: inlined frames unknown; keep the .dwo "
                           "files where the compiler put them"));
  return false;
}

void DwarfIndex::ResolveUnit(const Unit& unit,
                             absl::Span<const uint64_t> addresses,
                             AnswerSink sink) {
  Dwarf_Die die;
  if (dwarf_offdie(dwarf_, unit.die_offset, &die) == nullptr) return;
  Dwarf_Die split;
  const bool is_split = SplitUnit(unit, &die, &split);
  Dwarf_Die* function_unit = is_split ? &split : &die;
  const uint64_t unit_bytes = is_split ? kSplitUnitBytes : unit.bytes;
  UnitLines lines = ReadLines(&die, function_unit);
  FunctionTree tree = FunctionsCovering(function_unit, unit_bytes, addresses,
                                        FunctionDepth::kUsual);
  std::vector<uint32_t> entries = InnermostValues(tree.intervals, addresses);
  FunctionTree whole_tree;
  std::vector<uint32_t> whole_entries;
  if (std::find(entries.begin(), entries.end(), kNoValue) != entries.end()) {
    whole_tree = FunctionsCovering(function_unit, unit_bytes, addresses,
                                   FunctionDepth::kAnywhere);
    whole_entries = InnermostValues(whole_tree.intervals, addresses);
  }
  if (tree.is_cut || whole_tree.is_cut) {
    NoteProblem(
        "its debug information is damaged: some functions unknown; install it "
        "again");
  }
  std::vector<KnownFrame> frames;
  for (size_t i = 0; i < addresses.size(); ++i) {
    frames.clear();
    const KnownFrame where = LineOf(addresses[i], &lines);
    const bool is_usual = entries[i] != kNoValue;
    const uint32_t entry = is_usual                ? entries[i]
                           : whole_entries.empty() ? kNoValue
                                                   : whole_entries[i];
    AppendChain(is_usual ? tree : whole_tree, entry, where, &lines, &frames);
    if (frames.empty() && where.line != 0) frames.push_back(where);
    if (!frames.empty()) sink(addresses[i], &frames);
  }
}

void DwarfIndex::AppendChain(const FunctionTree& tree, uint32_t entry,
                             KnownFrame where, UnitLines* lines,
                             std::vector<KnownFrame>* frames) {
  while (entry != kNoValue && frames->size() < kMaxFrames) {
    const FunctionEntry& function = tree.entries[entry];
    where.function = names_.NameOf(function.die);
    frames->push_back(where);
    const char* file =
        function.call_file < lines->file_count
            ? dwarf_filesrc(lines->files, function.call_file, nullptr, nullptr)
            : nullptr;
    where.file = PathOf(file, lines);
    where.line = function.call_line;
    entry = function.parent;
  }
}

DwarfIndex::UnitLines DwarfIndex::ReadLines(Dwarf_Die* unit,
                                            Dwarf_Die* function_unit) {
  UnitLines result;
  if (dwarf_getsrclines(unit, &result.lines, &result.line_count) != 0)
    result.line_count = 0;
  if (dwarf_getsrcfiles(function_unit, &result.files, &result.file_count) != 0)
    result.file_count = 0;
  result.directory = TextOf(unit, DW_AT_comp_dir);
  lines_read_ += result.line_count;
  return result;
}

KnownFrame DwarfIndex::LineOf(uint64_t address, UnitLines* lines) {
  KnownFrame where{texts_->Empty(), texts_->Empty(), 0};
  // First row after the address; libdw keeps rows by ascending address.
  size_t low = 0;
  size_t high = lines->line_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    Dwarf_Addr row_address = 0;
    dwarf_lineaddr(dwarf_onesrcline(lines->lines, middle), &row_address);
    if (row_address <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return where;
  Dwarf_Line* row = dwarf_onesrcline(lines->lines, low - 1);
  bool is_end = false;
  int line = 0;
  if (dwarf_lineendsequence(row, &is_end) != 0 || is_end ||
      dwarf_lineno(row, &line) != 0 || line < 0) {
    return where;
  }
  where.file = PathOf(dwarf_linesrc(row, nullptr, nullptr), lines);
  where.line = static_cast<uint32_t>(line);
  return where;
}

const std::string* DwarfIndex::PathOf(const char* text, UnitLines* lines) {
  if (text == nullptr) return texts_->Empty();
  auto inserted = lines->path_by_text.try_emplace(text, texts_->Empty());
  if (!inserted.second) return inserted.first->second;
  std::string path;
  const bool is_unknown = absl::string_view(text) == "???";
  if (!is_unknown) {
    path = text[0] != '/' && lines->directory != nullptr
               ? NormalPath(absl::StrCat(lines->directory, "/", text))
               : NormalPath(text);
  }
  inserted.first->second = texts_->Intern(path);
  return inserted.first->second;
}

}  // namespace heapline
