// pool_allocator.cc: arenas, pools and their blocks.
#include "samples/runtime/pool_allocator.h"

#include <array>
#include <bitset>
#include <cstdlib>
#include <new>
#include <set>
#include <utility>

#include "heapline/heapline.h"
#include "samples/runtime/function_ref.h"

namespace runtime {
namespace {

constexpr size_t kClasses = kLargestPooled / kPoolAlignment;

struct Arena;

// A free block's first word.
struct FreeBlock {
  FreeBlock* next;
};

// The head of a pool, at its start.
struct alignas(kPoolAlignment) Pool {
  Pool* next;  // in its class's list of pools with room, or among the unused
  Pool* previous;
  Arena* arena;
  FreeBlock* free;       // blocks that came back
  uint32_t block_bytes;  // 0: the pool is not used
  uint16_t used;
  uint16_t handed_out;  // blocks from here on have never been used
};
static_assert(sizeof(Pool) % kPoolAlignment == 0);

uint32_t Capacity(const Pool& pool) {
  return (kPoolBytes - sizeof(Pool)) / pool.block_bytes;
}

char* BlockAt(Pool* pool, uint32_t index) {
  return reinterpret_cast<char*>(pool + 1) + size_t{index} * pool->block_bytes;
}

Pool* PoolOf(void* block) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(block);
  return reinterpret_cast<Pool*>(address & ~uintptr_t{kPoolBytes - 1});
}

// Pools are aligned to their size, so that a block's address tells its pool.
struct Arena {
  explicit Arena(void* block) : memory(block) {
    const uintptr_t start = reinterpret_cast<uintptr_t>(block);
    const uintptr_t aligned = (start + kPoolBytes - 1) & ~(kPoolBytes - 1);
    pools = reinterpret_cast<char*>(aligned);
    pool_count = (start + kArenaBytes - aligned) / kPoolBytes;
    for (size_t i = pool_count; i > 0; --i) {
      Pool* const pool = new (pools + (i - 1) * kPoolBytes) Pool{};
      pool->arena = this;
      Return(pool);
    }
  }
  ~Arena() { free(memory); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  Pool* PoolAt(size_t index) const {
    return reinterpret_cast<Pool*>(pools + index * kPoolBytes);
  }
  void Return(Pool* pool) {
    pool->block_bytes = 0;
    pool->next = unused;
    unused = pool;
    ++unused_count;
  }
  Pool* Take() {
    Pool* const pool = unused;
    unused = pool->next;
    --unused_count;
    return pool;
  }

  void* memory;
  char* pools = nullptr;
  size_t pool_count = 0;
  size_t unused_count = 0;
  Pool* unused = nullptr;
};

void ForEachLiveBlock(Pool* pool, FunctionRef<void(char*)> visit) {
  std::bitset<kPoolBytes / kPoolAlignment> is_free;
  const char* const first = BlockAt(pool, 0);
  for (FreeBlock* block = pool->free; block != nullptr; block = block->next) {
    is_free.set((reinterpret_cast<char*>(block) - first) / pool->block_bytes);
  }
  for (uint32_t i = 0; i < pool->handed_out; ++i) {
    if (!is_free[i]) visit(BlockAt(pool, i));
  }
}

}  // namespace

struct PoolAllocator::State {
  PoolReports reports;
  // By size class: a list of the pools with room.
  std::array<Pool*, kClasses> with_room{};
  std::set<Arena*> arenas;
  // Arenas with unused pools, the fullest first: the others may run empty.
  std::set<std::pair<size_t, Arena*>> arenas_with_room;

  bool is_reported() const { return reports == PoolReports::kReported; }

  static size_t ClassOf(size_t bytes) {
    return bytes == 0 ? 0 : (bytes - 1) / kPoolAlignment;
  }

  void AddToClass(Pool* pool) {
    Pool*& head = with_room[ClassOf(pool->block_bytes)];
    pool->previous = nullptr;
    pool->next = head;
    if (head != nullptr) head->previous = pool;
    head = pool;
  }

  void RemoveFromClass(Pool* pool) {
    if (pool->next != nullptr) pool->next->previous = pool->previous;
    if (pool->previous != nullptr) {
      pool->previous->next = pool->next;
    } else {
      with_room[ClassOf(pool->block_bytes)] = pool->next;
    }
  }

  void AddArena() {
    // Zeroed, as new pages are: what lies between blocks refers to nothing.
    void* const memory = calloc(1, kArenaBytes);
    if (memory == nullptr) throw std::bad_alloc();
    Arena* const arena = new Arena(memory);
    arenas.insert(arena);
    arenas_with_room.insert({arena->unused_count, arena});
  }

  Pool* TakePool(size_t size_class) {
    if (arenas_with_room.empty()) AddArena();
    Arena* const arena = arenas_with_room.begin()->second;
    arenas_with_room.erase(arenas_with_room.begin());
    Pool* const pool = arena->Take();
    if (arena->unused_count > 0)
      arenas_with_room.insert({arena->unused_count, arena});
    pool->block_bytes =
        static_cast<uint32_t>((size_class + 1) * kPoolAlignment);
    pool->free = nullptr;
    pool->used = 0;
    pool->handed_out = 0;
    AddToClass(pool);
    return pool;
  }

  void ReturnPool(Pool* pool) {
    RemoveFromClass(pool);
    Arena* const arena = pool->arena;
    arenas_with_room.erase({arena->unused_count, arena});
    arena->Return(pool);
    if (arena->unused_count < arena->pool_count) {
      arenas_with_room.insert({arena->unused_count, arena});
    } else {
      arenas.erase(arena);
      delete arena;
    }
  }

  void ForEachPoolInUse(FunctionRef<void(Pool*)> visit) const {
    for (const Arena* arena : arenas) {
      for (size_t i = 0; i < arena->pool_count; ++i) {
        Pool* const pool = arena->PoolAt(i);
        if (pool->block_bytes != 0) visit(pool);
      }
    }
  }
};

PoolAllocator::PoolAllocator(PoolReports reports)
    : state_(std::make_unique<State>()) {
  state_->reports = reports;
}

PoolAllocator::~PoolAllocator() {
  if (state_->is_reported()) {
    state_->ForEachPoolInUse([&](Pool* pool) {
      ForEachLiveBlock(pool,
                       [&](char* block) { heapline_pool_free(this, block); });
    });
  }
  for (Arena* arena : state_->arenas) delete arena;
}

void* PoolAllocator::DoAllocate(size_t bytes) {
  if (bytes > kLargestPooled) return malloc(bytes);
  const size_t size_class = State::ClassOf(bytes);
  Pool* pool = state_->with_room[size_class];
  if (pool == nullptr) pool = state_->TakePool(size_class);
  void* block = pool->free;
  if (block != nullptr) {
    pool->free = pool->free->next;
  } else {
    block = BlockAt(pool, pool->handed_out++);
  }
  if (++pool->used == Capacity(*pool)) state_->RemoveFromClass(pool);
  if (state_->is_reported()) heapline_pool_alloc(this, block, bytes);
  return block;
}

void PoolAllocator::DoFree(void* block, size_t bytes) {
  if (bytes > kLargestPooled) {
    free(block);
    return;
  }
  if (state_->is_reported()) heapline_pool_free(this, block);
  Pool* const pool = PoolOf(block);
  pool->free = new (block) FreeBlock{pool->free};
  if (pool->used-- == Capacity(*pool)) state_->AddToClass(pool);
  if (pool->used == 0) state_->ReturnPool(pool);
}

std::vector<PoolOccupancy> PoolAllocator::Occupancy() const {
  std::array<PoolOccupancy, kClasses> by_class;
  state_->ForEachPoolInUse([&](Pool* pool) {
    PoolOccupancy& row = by_class[State::ClassOf(pool->block_bytes)];
    row.block_bytes = pool->block_bytes;
    ++row.pools;
    row.used_blocks += pool->used;
    row.free_blocks += Capacity(*pool) - pool->used;
  });
  std::vector<PoolOccupancy> rows;
  for (const PoolOccupancy& row : by_class) {
    if (row.pools != 0) rows.push_back(row);
  }
  return rows;
}

uint64_t PoolAllocator::arena_count() const { return state_->arenas.size(); }

}  // namespace runtime
