// Expect: listener_never_removed.cc:34 blocks=1500 bytes=192000 growth=1000
// Fixed: blocks=0 bytes=0 growth=0
//
// Every dialog registers a listener with a button that outlives it, and never
// takes it back. The fix removes the listener when the dialog closes.
#include <heapline/heapline.h>

#include <cstdlib>
#include <list>
#include <memory>

#include "keep.h"

struct Listener {
  int dialog;
  char state[124];
};

class Button {
 public:
  using Token = std::list<std::unique_ptr<Listener>>::iterator;
  Token Add(std::unique_ptr<Listener> listener) {
    return listeners_.insert(listeners_.end(), std::move(listener));
  }
  void Remove(Token token) { listeners_.erase(token); }

 private:
  std::list<std::unique_ptr<Listener>> listeners_;
};

static Button button;

static void ShowDialog(int number) {
  auto listener = std::make_unique<Listener>();  // the line to be named
  listener->dialog = number;
  Keep(listener.get());
  const Button::Token token = button.Add(std::move(listener));
#ifdef FIXED
  button.Remove(token);
#else
  Keep(&token);
#endif
}

int main() {
  for (int dialog = 0; dialog < 1500; ++dialog) {
    if (dialog == 500) heapline_snapshot("a third");
    ShowDialog(dialog);
  }
  std::quick_exit(0);  // the button lives as long as the program
}
