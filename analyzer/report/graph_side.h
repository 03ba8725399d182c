// graph_side.h: what a graph report reads from its FILE argument: the snapshot,
// its object graph with edge rules applied, and names for objects and roots.
//
// Invariant: `graph` has all its weak references taken out. Owns everything its
// parts point at; neither copied nor moved. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_REPORT_GRAPH_SIDE_H_
#define HEAPLINE_ANALYZER_REPORT_GRAPH_SIDE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/analysis/call_stacks.h"
#include "analyzer/analysis/components.h"
#include "analyzer/analysis/cycles.h"
#include "analyzer/analysis/leak_kinds.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/analysis/object_types.h"
#include "analyzer/analysis/reachability.h"
#include "analyzer/analysis/retention.h"
#include "analyzer/analysis/root_groups.h"
#include "analyzer/report/document.h"
#include "analyzer/report/report_request.h"
#include "analyzer/symbolize/class_members.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapline {

class GraphSide {
 public:
  // Of a directory the newest snapshot, if one process alone left some. An
  // error for a snapshot without a graph names the option that records it.
  static absl::StatusOr<std::unique_ptr<GraphSide>> TryRead(
      const ReportRequest& request);
  // Of a snapshot that has a graph (HasGraph) and whose call stacks are in
  // `stacks` already. Both pointers must outlive the side.
  static absl::StatusOr<std::unique_ptr<GraphSide>> TryMake(
      Snapshot snapshot, const ReportRequest& request, Symbolizer* symbolizer,
      CallStacks* stacks, std::vector<StackId> stack_of_node);
  GraphSide(const GraphSide&) = delete;

  const Snapshot& snapshot() const { return snapshot_; }
  const ObjectGraph& graph() const { return *graph_; }
  const ObjectTypes& types() const { return types_; }
  const Components& components() const { return components_; }
  const Reachability& reachability() const { return reachability_; }
  const LeakKindsOfGraph& leaks() const { return leaks_; }
  CallStacks* stacks() { return stacks_; }
  Symbolizer* symbolizer() { return symbolizer_; }

  // Without knowing all references, unreachable is only possibly a leak.
  LeakKinds LeakKindOf(Vertex v) const;

  // Made when first asked for.
  const RootGroups& root_groups();
  const Retention& retention();
  const std::vector<Cycle>& cycles();  // SuspectedCycles
  // What a vertex of retention() is called as a holder: "global g_cache",
  // "Cache at 0x602010", "nothing: leaked", "several roots".
  std::string HolderName(Vertex holder);

  StackId StackOf(Vertex v) const;
  // "cache.cc:34", path in full; "<unknown>" where there is no stack.
  std::string SiteOf(Vertex v) const;
  // The type, or "" where it is not known.
  const std::string& TypeOf(Vertex v) const { return types_.Name(v); }
  // The type, or else the site.
  std::string NameOf(Vertex v) const;
  // The data member with the byte at `offset` of the object's block, "" where
  // nothing tells.
  std::string MemberAt(Vertex v, uint64_t offset);
  // "other (+0x18)", or "+0x18" where the member is not known.
  std::string WordText(Vertex v, uint64_t offset);
  // Frames for JSON, innermost first.
  std::vector<FrameText> FramesOf(StackId stack) const;

  // What is unreachable may be held by what is not known: `complete` is 0,
  // memory could not be read, or records were lost.
  bool IsIncomplete() const { return !doubts_.empty(); }
  // Name, snapshots and notes common to graph reports.
  Document NewDocument(const std::string& name) const;

 private:
  explicit GraphSide(Snapshot snapshot);
  void Symbolize(const ReportRequest& request);
  absl::Status Analyze(const ReportRequest& request);
  std::string SiteOfNode(NodeId node) const;

  Snapshot snapshot_;
  unsigned ignored_roots_ = 0;
  std::unique_ptr<Symbolizer> own_symbolizer_;  // these: not of TryMake
  std::unique_ptr<CallStacks> own_stacks_;
  Symbolizer* symbolizer_ = nullptr;
  CallStacks* stacks_ = nullptr;
  std::vector<StackId> stack_of_node_;
  std::unique_ptr<DataSymbols> symbols_;
  std::unique_ptr<ClassMembers> members_;
  std::unique_ptr<ObjectGraph> graph_;
  ObjectTypes types_;
  Components components_;
  Reachability reachability_;
  LeakKindsOfGraph leaks_;
  std::vector<std::string> doubts_;  // why it is incomplete, in words
  std::unique_ptr<RootGroups> root_groups_;
  std::unique_ptr<Retention> retention_;
  std::unique_ptr<std::vector<Cycle>> cycles_;
};

// Whether who refers to whom was recorded.
bool HasGraph(const Snapshot& snapshot);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_GRAPH_SIDE_H_
