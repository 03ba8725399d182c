// Invariant: rules are applied before anything is computed over the graph.
#include "analyzer/report/graph_side.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/analysis/edge_rules.h"
#include "analyzer/analysis/grouping.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/report/heap_side.h"
#include "analyzer/report/report_files.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

// Why live blocks may be unknown: `complete` is 0.
std::vector<std::string> WhyIncomplete(const Snapshot& snapshot) {
  const uint64_t reasons = NumberOf(snapshot, PropertyId::incomplete_reasons);
  std::vector<std::string> words;
  if (reasons & HL_INCOMPLETE_SAMPLING) words.push_back("it was sampled");
  if (reasons & HL_INCOMPLETE_LATE_START) {
    words.push_back("tracing began after the program did");
  }
  if (reasons & HL_INCOMPLETE_STOPPED) {
    words.push_back("tracing was stopped for a while");
  }
  if (reasons & HL_INCOMPLETE_DROPPED) {
    words.push_back("blocks had no room in the table");
  }
  if (reasons & HL_INCOMPLETE_THREADS) {
    words.push_back("a thread was not stopped");
  }
  if (reasons & HL_INCOMPLETE_FOREIGN_MALLOC) {
    words.push_back("another malloc came first");
  }
  if (words.empty()) words.push_back("live blocks may be unknown");
  return words;
}

// What may hold an object and is not in the graph.
std::vector<std::string> DoubtsOf(const Snapshot& snapshot,
                                  const ObjectGraph& graph) {
  std::vector<std::string> doubts;
  if (NumberOf(snapshot, PropertyId::complete, 1) == 0) {
    doubts = WhyIncomplete(snapshot);
  }
  const uint64_t unreadable = NumberOf(snapshot, PropertyId::unreadable_bytes);
  if (unreadable > 0) {
    doubts.push_back(
        absl::StrCat(HumanBytes(unreadable), " of memory could not be read"));
  }
  if (!snapshot.is_whole()) doubts.push_back("it is damaged");
  const uint64_t dropped = graph.dropped_edges() + graph.dropped_roots();
  if (dropped > 0) {
    doubts.push_back(absl::StrCat(Counted(dropped, "reference"),
                                  " from or to unknown blocks left out"));
  }
  return doubts;
}

}  // namespace

GraphSide::GraphSide(Snapshot snapshot) : snapshot_(std::move(snapshot)) {}

absl::StatusOr<std::unique_ptr<GraphSide>> GraphSide::TryRead(
    const ReportRequest& request) {
  const absl::StatusOr<std::vector<std::string>> files =
      NewestOfEachProcess(request.files[0]);
  if (!files.ok()) return files.status();
  if (files->size() != 1) {
    return Problem(absl::StatusCode::kInvalidArgument,
                   absl::StrCat("reading ", request.files[0]),
                   absl::StrCat(files->size(), " processes left snapshots"),
                   "give one snapshot: addresses are one process's own");
  }
  absl::StatusOr<Snapshot> snapshot = TryReadSnapshot((*files)[0]);
  if (!snapshot.ok()) return snapshot.status();
  if (!HasGraph(*snapshot)) {
    return Problem(absl::StatusCode::kFailedPrecondition,
                   absl::StrCat("reading the object graph of ", (*files)[0]),
                   "none was recorded",
                   "trace with the option graph=1, without sample");
  }
  std::unique_ptr<GraphSide> side(new GraphSide(*std::move(snapshot)));
  side->Symbolize(request);
  const absl::Status status = side->Analyze(request);
  if (!status.ok()) return status;
  return side;
}

absl::StatusOr<std::unique_ptr<GraphSide>> GraphSide::TryMake(
    Snapshot snapshot, const ReportRequest& request, Symbolizer* symbolizer,
    CallStacks* stacks, std::vector<StackId> stack_of_node) {
  std::unique_ptr<GraphSide> side(new GraphSide(std::move(snapshot)));
  side->symbolizer_ = symbolizer;
  side->stacks_ = stacks;
  side->stack_of_node_ = std::move(stack_of_node);
  const absl::Status status = side->Analyze(request);
  if (!status.ok()) return status;
  return side;
}

void GraphSide::Symbolize(const ReportRequest& request) {
  own_symbolizer_ = Symbolizer::Create(request.symbols);
  symbolizer_ = own_symbolizer_.get();
  own_stacks_ = std::make_unique<CallStacks>(symbolizer_, request.wrappers);
  stacks_ = own_stacks_.get();
  std::vector<bool> is_wanted(snapshot_.nodes.size());
  for (const BlockColumns* blocks :
       {&snapshot_.blocks, &snapshot_.pool_blocks}) {
    for (const NodeId node : blocks->node) is_wanted[Index(node)] = true;
  }
  stack_of_node_ = stacks_->Add(snapshot_, is_wanted);
}

absl::Status GraphSide::Analyze(const ReportRequest& request) {
  // Where nothing is guessed there is nothing to correct.
  const bool is_shipped = request.graph.shipped_rules == ShippedRules::kApply &&
                          !IsExact(snapshot_);
  std::vector<EdgeRule> rules;
  if (is_shipped) rules = ShippedEdgeRules();
  for (const std::string& file : request.graph.edge_rules) {
    const absl::StatusOr<std::vector<EdgeRule>> more = TryReadEdgeRules(file);
    if (!more.ok()) return more.status();
    rules.insert(rules.end(), more->begin(), more->end());
  }
  const StackId unknown = stacks_->AddSpecial("<unknown>");
  for (StackId& stack : stack_of_node_) {
    if (stack == kEmptyStack) stack = unknown;
  }
  symbols_ = std::make_unique<DataSymbols>(snapshot_, request.symbols);
  members_ = std::make_unique<ClassMembers>(snapshot_, request.symbols);
  graph_ = std::make_unique<ObjectGraph>(snapshot_);
  doubts_ = DoubtsOf(snapshot_, *graph_);
  types_ = FindObjectTypes(*graph_, symbols_.get());
  ApplyEdgeRules(
      rules, is_shipped ? CollectorLinks::kWeak : CollectorLinks::kFollowed,
      [this](NodeId node) { return SiteOfNode(node); }, &types_, graph_.get());
  graph_->IgnoreRoots(request.graph.ignored_roots);
  ignored_roots_ = request.graph.ignored_roots;
  components_ = StronglyConnectedComponents(graph_->edges());
  reachability_ = FloodFromRoots(*graph_);
  leaks_ = FindLeaks(*graph_, reachability_, components_);
  return absl::OkStatus();
}

LeakKinds GraphSide::LeakKindOf(Vertex v) const {
  const auto kind = static_cast<LeakKinds>(leaks_.kind[v]);
  return kind != kReachableBlock && IsIncomplete() ? kPossibleLeak : kind;
}

const RootGroups& GraphSide::root_groups() {
  if (root_groups_ == nullptr) {
    root_groups_ =
        std::make_unique<RootGroups>(GroupRoots(*graph_, symbols_.get()));
  }
  return *root_groups_;
}

const Retention& GraphSide::retention() {
  if (retention_ == nullptr) {
    const RootGroups& groups = root_groups();
    retention_ = std::make_unique<Retention>(
        *graph_, reachability_, groups.of_root,
        static_cast<uint32_t>(groups.groups.size()), leaks_);
  }
  return *retention_;
}

const std::vector<Cycle>& GraphSide::cycles() {
  if (cycles_ == nullptr) {
    cycles_ = std::make_unique<std::vector<Cycle>>(
        SuspectedCycles(*graph_, components_, reachability_, leaks_, types_));
  }
  return *cycles_;
}

std::string GraphSide::HolderName(Vertex holder) {
  switch (retention().HolderKind(holder)) {
    case Retention::Holder::kObject:
      return absl::StrCat(NameOf(holder), " at ",
                          HexNumber(graph_->Address(holder)));
    case Retention::Holder::kRootGroup:
      return HolderText(root_groups().groups[retention().RootGroupOf(holder)]);
    case Retention::Holder::kLeak:
      return IsIncomplete() ? "a possibly leaked cycle" : "a leaked cycle";
    case Retention::Holder::kUnreachable:
      return IsIncomplete() ? "nothing known: possibly leaked"
                            : "nothing: leaked";
    case Retention::Holder::kRoot:
      break;
  }
  return "several roots";
}

StackId GraphSide::StackOf(Vertex v) const {
  return stack_of_node_[Index(graph_->CallNode(v))];
}

std::string GraphSide::SiteOfNode(NodeId node) const {
  const StackId stack = stack_of_node_[Index(node)];
  return LineText(stacks_->Frame(stacks_->Site(stack))).Full();
}

std::string GraphSide::SiteOf(Vertex v) const {
  return SiteOfNode(graph_->CallNode(v));
}

std::string GraphSide::NameOf(Vertex v) const {
  const std::string& type = TypeOf(v);
  return type.empty() ? SiteOf(v) : type;
}

std::string GraphSide::MemberAt(Vertex v, uint64_t offset) {
  const uint64_t start = types_.ClassOffset(v);
  if (offset < start) return "";
  return members_->MemberAt(types_.Module(v), types_.Name(v), offset - start);
}

std::string GraphSide::WordText(Vertex v, uint64_t offset) {
  const std::string member = MemberAt(v, offset);
  const std::string place = absl::StrCat("+", HexNumber(offset));
  return member.empty() ? place : absl::StrCat(member, " (", place, ")");
}

std::vector<FrameText> GraphSide::FramesOf(StackId stack) const {
  std::vector<FrameText> texts;
  for (const FrameId id : stacks_->Frames(stack)) {
    const SourceFrame& source = stacks_->Frame(id).source;
    texts.push_back({*source.function, *source.file, source.line,
                     *source.module, source.is_inlined});
  }
  return texts;
}

bool HasGraph(const Snapshot& snapshot) {
  return NumberOf(snapshot, PropertyId::graph) == 1;
}

Document GraphSide::NewDocument(const std::string& name) const {
  Document document;
  document.name = name;
  document.snapshots = {heapline::NameOf(snapshot_)};
  const std::string damage = DamageNote(snapshot_);
  if (!damage.empty()) document.notes.push_back(damage);
  if (IsIncomplete()) {
    document.notes.push_back(absl::StrCat(
        snapshot_.file, ": incomplete (", absl::StrJoin(doubts_, ", "),
        "): what looks unreachable may be held by what is not known, so it "
        "is called possible"));
  }
  if (ignored_roots_ != 0) {
    std::vector<std::string> kinds;
    for (unsigned kind = 0; kind < HL_ROOT_KINDS; ++kind) {
      if ((ignored_roots_ >> kind & 1) != 0) {
        kinds.push_back(WordOf(RootKindWords(), kind));
      }
    }
    document.notes.push_back(
        absl::StrCat(snapshot_.file, ": as if nothing were held by roots of ",
                     absl::StrJoin(kinds, ", ")));
  }
  return document;
}

}  // namespace heapline
