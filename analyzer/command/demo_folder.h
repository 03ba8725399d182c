// demo_folder.h: where the snapshots of a demonstration go: a folder to keep,
// or one that is gone when the object is. Neither copied nor moved. Not
// thread-safe.
#ifndef HEAPLINE_ANALYZER_COMMAND_DEMO_FOLDER_H_
#define HEAPLINE_ANALYZER_COMMAND_DEMO_FOLDER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace heapline {

class DemoFolder {
 public:
  // `keep` is made if missing and must be empty; "" for a temporary folder.
  static absl::StatusOr<std::unique_ptr<DemoFolder>> TryCreate(
      const std::string& keep);
  DemoFolder(const DemoFolder&) = delete;
  ~DemoFolder();

  // A new folder in it: its absolute path.
  absl::StatusOr<std::string> TryMakeFolder(const std::string& name) const;
  // Nothing in this folder of it is needed any more, but where all is kept.
  void Drop(const std::string& folder) const;
  // A new file in it: its absolute path.
  absl::StatusOr<std::string> TryWriteFile(const std::string& name,
                                           const std::string& text) const;
  // What to call a file of it: of a temporary folder no more than its name.
  std::string Shown(const std::string& path) const;

 private:
  DemoFolder(std::string path, bool is_kept)
      : path_(std::move(path)), is_kept_(is_kept) {}

  const std::string path_;
  const bool is_kept_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_DEMO_FOLDER_H_
