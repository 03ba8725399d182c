// weak_patterns.cc: chapter 3 of the articles: where a reference back should be
// weak: from a subject to its observers, from a child to its parent.
//
// Classes are made by functions that have returned before a cut: what is left
// of their lists of names on the stack could point to where a family came to
// lie.
#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/cast.h"
#include "samples/runtime/class.h"
#include "samples/runtime/fields.h"
#include "samples/runtime/function.h"
#include "samples/runtime/list.h"
#include "samples/runtime/text.h"
#include "samples/runtime/tuple.h"
#include "samples/runtime/weak_ref.h"

namespace demo {

using runtime::BoundMethod;
using runtime::Cast;
using runtime::Class;
using runtime::Function;
using runtime::List;
using runtime::Slot;
using runtime::Tuple;
using runtime::WeakRef;

// Tells its listeners, a list of bound methods or of weak references.
struct EventSource : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot listeners;
};

// A window's panel: it listens while it is open.
struct Panel : runtime::DictInstance {
  using DictInstance::DictInstance;
};

// Weak references can be made of an instance with a dict.
struct Parent : runtime::DictInstance {
  using DictInstance::DictInstance;
  Ref<List> children;

  void Traverse(runtime::Visit visit) const override {
    DictInstance::Traverse(visit);
    runtime::TraverseFields(visit, children);
  }
  void Clear() override {
    DictInstance::Clear();
    children = nullptr;
  }
  void Describe(runtime::LayoutVisitor* visitor) const override {
    DictInstance::Describe(visitor);
    runtime::DescribeFields(visitor, this, children);
  }
};

struct Child : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot parent, name;
};

Ref<EventSource> event_source;
Ref<Parent> last_family;

namespace {

// ---- observers -------------------------------------------------------------

constexpr int kPanels = 200;

// Panel.refresh(self, event)
Ref<Object> RefreshPanel(Function&, Ref<Object> arguments) {
  Object* const self = Cast<Tuple>(arguments.get())->Get(0);
  static_cast<Panel*>(self)->SetAttribute("seen",
                                          Cast<Tuple>(arguments.get())->Get(1));
  return nullptr;
}

// Calls all listeners; weak ones that died are forgotten.
void Notify(Function* refresh, Object* event) {
  List& listeners = *Cast<List>(event_source->listeners.get());
  for (int64_t i = static_cast<int64_t>(listeners.size()) - 1; i >= 0; --i) {
    if (auto* const method = Cast<BoundMethod>(listeners.Get(i))) {
      method->Call(event);
      continue;
    }
    const Ref<Object> panel = Cast<WeakRef>(listeners.Get(i))->Get();
    if (panel == nullptr) {
      listeners.RemoveAt(i);
    } else {
      BoundMethod::Make(refresh, panel)->Call(event);
    }
  }
}

__attribute__((noinline)) void OpenEventSource() {
  const Ref<Class> source_class =
      Class::Make<EventSource>("EventSource", {{{"listeners"}}, {}, {}});
  event_source = source_class->New<EventSource>();
  event_source->listeners = List::Make();
}

__attribute__((noinline)) void OpenAndClosePanels(Stage& stage,
                                                  Class* panel_class) {
  const Ref<Function> refresh = Function::Make("refresh", RefreshPanel);
  const Ref<runtime::Str> event = runtime::Str::Make("redraw");
  List& listeners = *Cast<List>(event_source->listeners.get());
  for (int i = 0; i < kPanels; ++i) {
    stage.NextLineGrows();
    const Ref<runtime::Bytes> pixels = runtime::Bytes::Zeroed(4096);
    const Ref<Panel> panel = panel_class->New<Panel>();
    panel->SetAttribute("pixels", pixels);
    if (stage.is_broken()) {
      listeners.Append(BoundMethod::Make(refresh, panel));
    } else {
      listeners.Append(WeakRef::Make(panel));
    }
    Notify(refresh, event);
  }  // del panel: it is closed, and nobody unregisters it
  Notify(refresh, event);
}

void RunObservers(Stage& stage) {
  const Ref<Class> panel_class = Class::Make<Panel>("Panel");
  OpenEventSource();
  stage.Cut("before");
  OpenAndClosePanels(stage, panel_class);
  stage.Print("%d panels opened and closed: %zu still listen", kPanels,
              Cast<List>(event_source->listeners.get())->size());
  stage.Keeps("event_source", event_source);
  stage.Cut("after");
  event_source = nullptr;
}

// ---- parent-child ----------------------------------------------------------

constexpr int kFamilies = 50;
constexpr int kChildren = 3;

Ref<Parent> MakeFamily(Stage& stage, Class* parent_class, Class* child_class) {
  Ref<Parent> parent = parent_class->New<Parent>();
  parent->children = List::Make();
  for (int i = 0; i < kChildren; ++i) {
    const Ref<Child> child = child_class->New<Child>();
    if (stage.is_broken()) {
      child->parent = parent;
    } else {
      child->parent = WeakRef::Make(parent);
    }
    parent->children->Append(child);
  }
  return parent;
}

// The classes go with the families that they are made for.
__attribute__((noinline)) void MakeFamilies(Stage& stage) {
  const Ref<Class> parent_class = Class::Make<Parent>("Parent");
  const Ref<Class> child_class =
      Class::Make<Child>("Child", {{{"parent", "name"}}, {}, {}});
  for (int i = 0; i < kFamilies; ++i)
    last_family = MakeFamily(stage, parent_class, child_class);
}

__attribute__((noinline)) int CountParents(const runtime::Runtime& runtime) {
  return static_cast<int>(runtime.CountLive<Parent>());
}

void RunParentChild(Stage& stage) {
  stage.Cut("before");
  MakeFamilies(stage);
  stage.Print("%d families made, 1 held: %d live", kFamilies,
              CountParents(stage.runtime()));
  stage.Cut("after");
  last_family = nullptr;
}

}  // namespace

extern const Scenario kObservers{
    "observers",
    "listeners that are never removed; weak ones remove themselves",
    {37, 38, 86},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line", "retained -n 3"},
    "demo::event_source lists a bound method of every panel ever opened: "
    "remove it when the panel closes, or list the panels weakly.",
    {},
    &RunObservers};

extern const Scenario kParentChild{
    "parent-child",
    "children that hold their parent: a cycle; a weak back reference is none",
    {37, 39, 87, 104},
    __FILE__,
    Symptom::kCycle,
    {"cycles -n 3"},
    "Every child holds its parent by Child::parent: make this back reference "
    "weak.",
    {},
    &RunParentChild};

}  // namespace demo
