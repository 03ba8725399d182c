#include "preload/snapshot_tables.h"

#include "preload/call_tree.h"
#include "preload/heap_totals.h"
#include "preload/labels.h"
#include "preload/maps_line.h"
#include "preload/message.h"
#include "preload/modules.h"
#include "preload/proc_files.h"
#include "preload/program_notes.h"
#include "preload/record.h"
#include "preload/thread_state.h"

namespace heapline {
namespace {

char line_buffer[8192];  // of the one writer

// Executables and libraries that no stack has led to yet are listed too, so
// that the analyzer knows all code that was there.
void NoteModulesOfMaps() {
  NoticeUnloads();
  LineReader maps("/proc/self/maps", line_buffer, sizeof line_buffer);
  while (const char* line = maps.Next()) {
    constexpr uint8_t kCode = HL_MAPPING_READ | HL_MAPPING_EXECUTE;
    MapsLine mapping;
    if (ParseMapsLine(line, &mapping) && (mapping.flags & kCode) == kCode) {
      NoteModuleAt(mapping.start);
    }
  }
}

uint64_t WriteModules(SectionWriter* out) {
  NoteModulesOfMaps();
  out->Begin(HL_SECTION_MODULES);
  const size_t count = ModuleCount();
  for (size_t i = 0; i < count; ++i) {
    const Module& module = ModuleAt(i);
    out->MakeRoom(SectionWriter::kMaxRecordBytes);
    out->Number(module.start);
    out->Number(module.end - module.start);
    out->Signed(module.load_bias);
    out->Number(module.generation);
    out->Number(module.flags);
    out->Text(reinterpret_cast<const char*>(module.build_id),
              module.build_id_bytes);
    size_t length = Length(module.path);
    if (length > HL_MAX_PATH_BYTES) length = HL_MAX_PATH_BYTES;
    out->Text(module.path, length);
    out->CountRecord();
  }
  out->End();
  return count;
}

uint64_t WriteThreads(SectionWriter* out, const StoppedWorld& world) {
  out->Begin(HL_SECTION_THREADS);
  for (size_t i = 0; i < world.count; ++i) {
    const StoppedThread& thread = world.threads[i];
    const ThreadState* state = ThreadStateOf(thread.tid);
    out->MakeRoom(6 * kVarintBytes + sizeof thread.name);
    out->Number(static_cast<uint32_t>(thread.tid));
    out->Number(thread.flags);
    out->Number(state != nullptr ? state->thread_node : kRootNode);
    out->Number(thread.sp);
    out->Number(state != nullptr ? state->own_stack_end : 0);
    out->Text(thread.name, Length(thread.name));
    out->CountRecord();
  }
  out->End();
  return world.count;
}

void WriteLabels(SectionWriter* out) {
  out->Begin(HL_SECTION_LABELS);
  const size_t count = LabelCount();
  for (size_t i = 0; i < count; ++i) {
    const Label& label = LabelAt(i);
    out->MakeRoom(3 * kVarintBytes + sizeof label.name);
    out->Number(label.node);
    out->Number(label.address);
    out->Text(label.name, Length(label.name));
    out->CountRecord();
  }
  out->End();
}

uint64_t WriteNodes(SectionWriter* out, NodeId count) {
  out->Begin(HL_SECTION_NODES);
  uint64_t previous = 0;
  for (NodeId id = kRootNode + 1; id < count; ++id) {
    if (out->MakeRoom(4 * kVarintBytes)) previous = 0;
    if (out->IsFirstOfSection()) out->Number(id);
    const Node& node = NodeAt(id);
    const uint32_t generation = node.generation();
    const uint64_t has_generation = generation != 0 ? 8 : 0;
    out->Number(uint64_t{id - node.parent} << 4 | has_generation |
                static_cast<uint64_t>(node.kind()));
    out->Signed(static_cast<int64_t>(node.address - previous));
    if (generation != 0) out->Number(generation);
    out->CountRecord();
    previous = node.address;
  }
  out->End();
  return count - 1;
}

uint64_t WriteCounters(SectionWriter* out, NodeId count) {
  MergeThreadCounters();
  out->Begin(HL_SECTION_COUNTERS);
  NodeId previous = 0;
  uint64_t written = 0;
  for (NodeId id = 0; id < count; ++id) {
    const NodeCounters* counters = CountersAt(id);
    if (counters == nullptr || counters->total_count == 0) continue;
    if (out->MakeRoom(4 * kVarintBytes)) previous = 0;
    out->Number(id - previous);
    out->Number(counters->total_count);
    out->Number(counters->total_bytes);
    out->Number(counters->temporary_count);
    out->CountRecord();
    previous = id;
    ++written;
  }
  out->End();
  return written;
}

void WriteEpochs(SectionWriter* out, uint16_t last) {
  out->Begin(HL_SECTION_EPOCHS);
  uint32_t previous = 0;
  uint64_t previous_ns = 0;
  for (uint32_t epoch = 0; epoch <= last; ++epoch) {
    if (out->MakeRoom(3 * kVarintBytes)) {
      previous = 0;
      previous_ns = 0;
    }
    const EpochRecord& record = EpochAt(static_cast<Epoch>(epoch));
    // Two threads may have ticked with clock readings in either order.
    const uint64_t started_ns =
        record.started_ns > previous_ns ? record.started_ns : previous_ns;
    out->Number(epoch - previous);
    out->Number(started_ns - previous_ns);
    out->Number(record.snapshot_sequence_plus_1);
    out->CountRecord();
    previous = epoch;
    previous_ns = started_ns;
  }
  out->End();
}

void WriteNotes(SectionWriter* out) {
  out->Begin(HL_SECTION_ROOT_REGIONS);
  ForEachRootRegion([out](const RootRegion& region) {
    out->MakeRoom(2 * kVarintBytes);
    out->Number(region.start);
    out->Number(region.bytes);
    out->CountRecord();
  });
  out->End();
  out->Begin(HL_SECTION_EXPECTED_DEAD);
  ForEachUnmetExpectation([out](const Expectation& expectation) {
    out->MakeRoom(2 * kVarintBytes + sizeof expectation.label);
    out->Number(expectation.address);
    out->Text(expectation.label, Length(expectation.label));
    out->CountRecord();
  });
  out->End();
}

}  // namespace

void WriteTables(SectionWriter* out, const StoppedWorld& world, uint16_t epoch,
                 TableSums* sums) {
  sums->modules = WriteModules(out);
  sums->threads = WriteThreads(out, world);
  WriteLabels(out);
  // A thread that could not be stopped may go on making nodes.
  const NodeId count = NodeCount();
  sums->nodes = WriteNodes(out, count);
  sums->counters = WriteCounters(out, count);
  WriteEpochs(out, epoch);
  WriteNotes(out);
}

}  // namespace heapline
