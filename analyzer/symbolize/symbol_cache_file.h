// symbol_cache_file.h: the bytes of one cache file (layout: symbol_cache.h).
// Every count and index is checked before use; a file that fails is refused
// whole. Numbers are in the machine's order: a cache does not travel. Pure
// functions.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOL_CACHE_FILE_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOL_CACHE_FILE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "analyzer/symbolize/answer_table.h"
#include "analyzer/symbolize/string_pool.h"

namespace heapline {

// "" where the answers are too many for the layout.
std::string EncodeCacheFile(absl::string_view build_id,
                            const AnswerTable& answers);

// False, with nothing added, if the bytes are not a whole file of the build.
bool DecodeCacheFile(absl::string_view bytes, absl::string_view build_id,
                     StringPool* texts, AnswerTable* answers);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOL_CACHE_FILE_H_
