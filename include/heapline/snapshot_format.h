/* snapshot_format.h: the numbers of the snapshot file format, version 1, and
 * nothing else. The prose, with a worked example byte by byte, is
 * docs/snapshot-format.md; encoders and decoders are snapshot_encoding.h.
 *
 * A file is a FileHeader and then sections, each a SectionHeader and its
 * payload; the last one is kSectionEnd. Sections of one id may repeat and are
 * read as one list; each is readable alone, so a damaged or cut file loses
 * only its damaged sections. All integers are little endian.
 *
 * DO NOT CHANGE a value here: files with it exist. Add, and describe. C11 and
 * C++17. Everything is a constant: thread-safe. */
#ifndef HEAPLINE_SNAPSHOT_FORMAT_H_
#define HEAPLINE_SNAPSHOT_FORMAT_H_

#include <stdint.h>

/* 0x7f keeps text tools away, the final \n shows a text-mode transfer. */
#define HL_MAGIC "\x7fHLSNAP\n"
#define HL_MAGIC_BYTES 8
/* The first line of the text form (docs/snapshot-format.md, "Text form"). */
#define HL_TEXT_MAGIC "heapline-text 1"

enum { HL_FORMAT_VERSION = 1 };

/* Architectures. */
enum { HL_ARCH_X86_64 = 1, HL_ARCH_AARCH64 = 2 };

struct HlFileHeader {         /* 32 bytes */
  unsigned char magic[8];     /* HL_MAGIC */
  uint32_t version;           /* HL_FORMAT_VERSION; a reader refuses a newer */
  uint32_t header_bytes;      /* offset of the first section: 32 */
  uint16_t architecture;      /* HL_ARCH_… */
  uint16_t pointer_bytes;     /* 8 */
  uint32_t reserved;          /* 0 */
  uint64_t checksum;          /* XXH3-64 of the 24 bytes before */
};

/* How the payload is stored. */
enum { HL_ENCODING_PLAIN = 0, HL_ENCODING_ZSTD = 1 };

struct HlSectionHeader {      /* 40 bytes */
  uint32_t id;                /* HL_SECTION_…; unknown ids are skipped */
  uint16_t encoding;          /* HL_ENCODING_… */
  uint16_t reserved;          /* 0 */
  uint64_t stored_bytes;      /* of the payload in the file */
  uint64_t plain_bytes;       /* after decoding, <= HL_MAX_SECTION_BYTES */
  uint64_t record_count;      /* records in this section */
  uint64_t checksum;          /* XXH3-64 of the stored payload, seeded with
                                 the XXH3-64 of the 32 bytes before */
};

/* No section is larger when plain: a reader needs no more at once, and a
 * hostile compressed one cannot ask for more. A zstd section may not claim
 * more than HL_MAX_COMPRESSION_RATIO times its stored size. */
#define HL_MAX_SECTION_BYTES (4u << 20)
#define HL_MAX_COMPRESSION_RATIO 1024u

/* Section ids. Records are in varints (LEB128, 7 bits a byte, low first);
 * "zigzag" is a signed varint; "text" is a varint length and that many bytes.
 * Delta bases restart at 0 with each section. */
enum HlSectionId {
  /* {varint key = id<<1 | is_text, varint value or text}: what stands in
   * snapshot_properties.def. Later ones win. */
  HL_SECTION_PROPERTIES = 1,
  /* {varint start, varint end - start, zigzag load_bias, varint generation,
   *  varint flags, text build_id (raw bytes), text path}. [start, end) is the
   * mapped range; link-time address = run-time address - load_bias. */
  HL_SECTION_MODULES = 2,
  /* {varint tid, varint flags, varint node, varint stack_pointer,
   *  varint stack_end (0: unknown), text name}: threads at the cut. */
  HL_SECTION_THREADS = 3,
  /* {varint node, varint address, text name}: what the synthetic nodes of
   * kind thread (address = start routine, or 0) and scope stand for. */
  HL_SECTION_LABELS = 4,
  /* {varint (id - parent) << 4 | has_generation << 3 | kind,
   *  zigzag address - previous record's address,
   *  varint generation, if has_generation}. The payload begins with
   * {varint id of its first record}; ids then follow without gap. Node 0 is
   * the root and has no record. parent < id always. */
  HL_SECTION_NODES = 5,
  /* {varint node - previous node, varint total_count, varint total_bytes,
   *  varint temporary_count}, ascending; nodes without counts are left out. */
  HL_SECTION_COUNTERS = 6,
  /* {varint (address - previous address) >> 4, varint requested_bytes,
   *  varint node, varint epoch}: live blocks by ascending address. */
  HL_SECTION_BLOCKS = 7,
  /* {varint epoch - previous,
   *  varint nanoseconds since process start - previous,
   *  varint snapshot sequence + 1 if a cut began this epoch, else 0}. */
  HL_SECTION_EPOCHS = 8,
  /* As BLOCKS, for blocks told through heapline_pool_alloc. A heap block that
   * contains one of them is a container and counts with no bytes. */
  HL_SECTION_POOL_BLOCKS = 9,
  /* As BLOCKS, but requested_bytes is the length of a mapped region and
   * addresses are pages; option mmap=1. Counted apart from live_bytes. */
  HL_SECTION_MAPPED_REGIONS = 10,

  /* The object graph, where property graph is 1. Blocks are named by their
   * start; "place" is how far into the block a word points: 0 is its start,
   * its size is one past its end.
   *
   * {varint kind, varint owner, zigzag source - previous source,
   *  zigzag (block - previous block) >> 4, varint place}: a word that refers
   * to a block from outside of all blocks. kind is an HL_ROOT_…; owner is the
   * thread's tid, or 0; source is the word's address, for HL_ROOT_REGISTER
   * the register's DWARF number (16: the program counter). */
  HL_SECTION_ROOTS = 11,
  /* {varint words << 2 | has_from << 1 | is_interior,
   *  varint (from - previous from) >> 4, if has_from,
   *  zigzag (to - previous to) >> 4, varint place, if is_interior}: the word at
   * from + 8 * offset refers to `to`. `words` is offset - previous offset, and
   * the offset itself where has_from begins another block. By ascending from,
   * then offset. */
  HL_SECTION_EDGES = 12,
  /* {varint index << 3 | has_block << 2 | kind,
   *  varint (block - previous block) >> 4, if has_block,
   *  kind HL_WORD_MODULE: zigzag address - previous such address;
   *  kind HL_WORD_COUNTS: varint low half, varint high half}: what stands in
   * word `index` (0 to 7) of a block, as far as it tells the block's type or
   * its reference count. By ascending block, then index. */
  HL_SECTION_OBJECT_WORDS = 13,

  /* {varint start, varint length, varint rss bytes, varint flags
   *  HL_MAPPING_…, text path}: the process's mappings as /proc/self/smaps had
   * them. */
  HL_SECTION_MAPPINGS = 14,
  /* {varint start, varint bytes}: heapline_add_root. */
  HL_SECTION_ROOT_REGIONS = 15,
  /* {varint address, text label}: heapline_expect_dead blocks that live. */
  HL_SECTION_EXPECTED_DEAD = 16,
  /* {varint node, varint line (0: unknown), varint flags, text function,
   *  text file, text module}: symbols written by a tool that resolved them
   * already; optional. Several records of one node follow each other: the
   * frames inlined at its address, innermost first. */
  HL_SECTION_SYMBOLS = 17,
  /* {varint address, text name}: an object of the program that names a type,
   * as CPython's PyTypeObject does; address is in a module or a block. */
  HL_SECTION_TYPE_NAMES = 18,
  /* {varint kind, varint owner, varint start, varint bytes scanned,
   *  varint bytes that could not be read}: memory that was searched for roots,
   * kind and owner as in ROOTS. */
  HL_SECTION_ROOT_AREAS = 19,
  /* As EDGES: words that refer to a block and keep nothing alive, as only a
   * program that writes its own snapshot can tell (property exact). A word
   * stands in one of the two. */
  HL_SECTION_WEAK_EDGES = 20,

  /* A PROPERTIES payload again: what is known only when all is written
   * (timings, record totals). A file without it was cut short. */
  HL_SECTION_END = 0x00646e65
};

/* Kinds of call-tree node. */
enum HlNodeKind {
  HL_NODE_RETURN_ADDRESS = 0,      /* look up address - 1 */
  HL_NODE_INSTRUCTION_POINTER = 1, /* interrupted by a signal: look up as is */
  HL_NODE_GUESSED = 2,             /* a return address by frame pointer, no
                                      rule covered the frame below it */
  HL_NODE_THREAD = 3,              /* outermost; see HL_SECTION_LABELS */
  HL_NODE_SCOPE = 4,               /* heapline_scope_begin */
  HL_NODE_SPECIAL = 5              /* address is an HL_SPECIAL_… */
};

/* What a special node stands for, in place of frames that are not known. */
enum HlSpecialNode {
  HL_SPECIAL_ROOT = 0,
  HL_SPECIAL_NO_STACK = 1,   /* depth=0 */
  HL_SPECIAL_TRUNCATED = 2,  /* outer frames cut at `depth` or unreadable */
  HL_SPECIAL_UNSAMPLED = 3,  /* sample=N, a block the sampler passed over */
  HL_SPECIAL_DROPPED = 4,    /* no room for its stack (max_memory, no pages) */
  HL_SPECIAL_UNKNOWN = 5     /* written by a tool that had no stack */
};

/* Flags of a module. */
enum {
  HL_MODULE_UNLOADED = 1,  /* no longer mapped at the cut */
  HL_MODULE_VDSO = 2,
  HL_MODULE_MAIN = 4       /* the executable */
};

/* Flags of a symbol. */
enum { HL_SYMBOL_INLINED = 1 /* into the node's next record */ };

/* Flags of a mapping: the letters rwxp. */
enum {
  HL_MAPPING_READ = 1,
  HL_MAPPING_WRITE = 2,
  HL_MAPPING_EXECUTE = 4,
  HL_MAPPING_PRIVATE = 8
};

/* Flags of a thread. */
enum {
  HL_THREAD_LEADER = 1,      /* cut the snapshot */
  HL_THREAD_NOT_STOPPED = 2, /* did not answer in time */
  HL_THREAD_IN_VFORK = 4,    /* suspended by its vfork child */
  HL_THREAD_PARKED_LATE = 8  /* stopped inside a hook; its in-flight block,
                                if it had one, is among the blocks */
};

/* Kinds of root, strongest first: a block is held by the first kind that
 * reaches it. */
enum HlRootKind {
  HL_ROOT_GLOBAL = 0,      /* writable data of a module: .data, .bss */
  HL_ROOT_TLS = 1,         /* a thread's static TLS; dynamic TLS hangs on
                              HL_ROOT_THREAD */
  HL_ROOT_THREAD = 2,      /* a thread's descriptor: pthread_setspecific, DTV */
  HL_ROOT_REGION = 3,      /* heapline_add_root */
  HL_ROOT_REGISTER = 4,    /* of a thread, where it was stopped */
  HL_ROOT_STACK = 5,       /* a live thread's, from its stack pointer up */
  HL_ROOT_MAPPING = 6,     /* other writable private memory without blocks */
  HL_ROOT_UNTRACED = 7     /* heap memory in which unknown blocks may lie;
                              only where `complete` is 0 */
};
#define HL_ROOT_KINDS 8

/* What stands in a word of a block. */
enum { HL_WORD_MODULE = 1, HL_WORD_COUNTS = 2 };
#define HL_OBJECT_WORDS 8
/* Halves of a word below this may be counts. */
#define HL_MAX_COUNT (1u << 20)

/* Reasons a snapshot is cut: property `reason` is one of these words. */
#define HL_REASONS                                                         \
  HL_REASON(exit) HL_REASON(death) HL_REASON(signal) HL_REASON(request)    \
  HL_REASON(api) HL_REASON(interval) HL_REASON(growth) HL_REASON(above)    \
  HL_REASON(near_limit) HL_REASON(peak) HL_REASON(round)

/* Why `complete` is 0: bits of property incomplete_reasons. */
enum {
  HL_INCOMPLETE_SAMPLING = 1,     /* sample > 0 */
  HL_INCOMPLETE_LATE_START = 2,   /* start=0, or preloaded too late */
  HL_INCOMPLETE_STOPPED = 4,      /* `stop` was in force for a while */
  HL_INCOMPLETE_DROPPED = 8,      /* blocks without room in the table */
  HL_INCOMPLETE_THREADS = 16,     /* a thread was, or may be, not stopped */
  HL_INCOMPLETE_INHERITED = 32,   /* unused: a fork's copy is complete */
  HL_INCOMPLETE_FOREIGN_MALLOC = 64 /* another malloc came before ours */
};

/* Limits a reader may rely on and must check. */
#define HL_MAX_NODES (1u << 26)
#define HL_MAX_PATH_BYTES 4096u
#define HL_MAX_TEXT_BYTES 65536u
#define HL_MAX_LABEL_BYTES 256u
#define HL_MAX_TYPE_NAME_BYTES 64u
#define HL_BLOCK_ALIGNMENT_SHIFT 4
#define HL_MAX_ADDRESS (UINT64_C(1) << 57)

#endif /* HEAPLINE_SNAPSHOT_FORMAT_H_ */
