// Expect: growing_service.cc:28 grows
// Fixed: flat
//
// A service that runs until it is told to end: a request a millisecond, each of
// which opens a session, and a session that is never closed. It stands in for
// the process in production whose memory grows. The fix closes the session.
//
// Usage: growing_service [SECONDS]   (60 unless given; SIGTERM ends it)
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <unordered_map>

#include "keep.h"

struct Session {
  explicit Session(int number) : user(number) {}
  int user;
  char state[2044] = {};
};

static std::unordered_map<int, Session*> sessions;
static volatile std::sig_atomic_t is_ending = 0;

static void OpenSession(int user) {
  Session* session = new Session(user);  // the line to be named
  sessions[user] = session;
  Keep(session);
}

static void CloseSession(int user) {
  const auto found = sessions.find(user);
  delete found->second;
  sessions.erase(found);
}

// Work that allocates and frees as it should.
static std::size_t Answer(int user) {
  std::string answer("Hello, user number ");
  answer += std::to_string(user);
  answer.append(400, '.');
  Keep(answer.data());
  return answer.size();
}

static void End(int) { is_ending = 1; }

int main(int argument_count, char** arguments) {
  const int seconds = argument_count > 1 ? std::atoi(arguments[1]) : 60;
  std::signal(SIGTERM, End);
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::size_t answered_bytes = 0;
  for (int user = 0; is_ending == 0 && std::chrono::steady_clock::now() < end;
       ++user) {
    OpenSession(user);
    answered_bytes += Answer(user);
#ifdef FIXED
    CloseSession(user);
#else
    if (user < 0) CloseSession(user);  // written, and never reached
#endif
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return answered_bytes > 0 ? 0 : 1;
}
