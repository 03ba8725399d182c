#include "preload/cfi_program.h"

namespace heapline {
namespace {

// DWARF's numbers of the x86-64 registers that matter here.
enum : uint64_t { kRegisterRbp = 6, kRegisterRsp = 7, kRegisterRip = 16 };

// DW_CFA_…: the first three carry an operand in their low six bits.
enum : uint8_t {
  kAdvance = 0x40,
  kOffset = 0x80,
  kRestore = 0xc0,
  kNop = 0x00,
  kSetLocation = 0x01,
  kAdvance1 = 0x02,
  kAdvance2 = 0x03,
  kAdvance4 = 0x04,
  kOffsetExtended = 0x05,
  kRestoreExtended = 0x06,
  kUndefinedRegister = 0x07,
  kSameValue = 0x08,
  kInRegister = 0x09,
  kRememberState = 0x0a,
  kRestoreState = 0x0b,
  kDefCfa = 0x0c,
  kDefCfaRegister = 0x0d,
  kDefCfaOffset = 0x0e,
  kDefCfaExpression = 0x0f,
  kExpression = 0x10,
  kOffsetExtendedSigned = 0x11,
  kDefCfaSigned = 0x12,
  kDefCfaOffsetSigned = 0x13,
  kValueOffset = 0x14,
  kValueOffsetSigned = 0x15,
  kValueExpression = 0x16,
  kMipsAdvance8 = 0x1d,
  kGnuWindowSave = 0x2d,
  kGnuArgumentsSize = 0x2e,
  kGnuNegativeOffsetExtended = 0x2f
};

// DW_OP_…
enum : uint8_t {
  kOpDeref = 0x06,
  kOpAnd = 0x1a,
  kOpPlus = 0x22,
  kOpPlusConstant = 0x23,
  kOpShiftLeft = 0x24,
  kOpGreaterOrEqual = 0x2a,
  kOpLiteral0 = 0x30,
  kOpBase0 = 0x70
};

enum class Where : uint8_t { kSame, kUndefined, kAtCfa, kExpression, kOther };

// Where a register's value of the caller is.
struct Location {
  Where where;
  int64_t offset;                   // kAtCfa
  const unsigned char* expression;  // kExpression; its length stands before
};

struct Row {
  const unsigned char* cfa_expression;  // NULL: register and offset
  uint64_t cfa_register;
  int64_t cfa_offset;
  Location rbp;
  Location rip;
};

constexpr int kMostSavedRows = 8;

class Program {
 public:
  // `followed` is the register that Row::rbp tells of: another one's number
  // makes it tell of that.
  Program(const FrameDescription& description, uintptr_t address,
          uint64_t followed)
      : description_(description),
        address_(address),
        followed_(followed),
        location_(description.pc_begin) {}

  // False: damaged, or something this reader has no word for.
  bool Run() {
    row_ = Row{nullptr, kRegisterRsp, 0, {}, {}};
    initial_ = row_;
    if (!RunPart(description_.initial_instructions)) return false;
    initial_ = row_;
    location_ = description_.pc_begin;
    return RunPart(description_.instructions);
  }
  const Row& row() const { return row_; }

 private:
  bool RunPart(const MappedBytes& instructions);
  bool Execute(uint8_t opcode, CfiReader* in);
  bool ExecuteExtended(uint8_t opcode, CfiReader* in);
  // True: the row for address_ is complete.
  bool AdvanceBy(uint64_t units) {
    location_ += units * description_.code_alignment;
    return location_ > address_;
  }
  // Moves over an expression; NULL: it does not fit.
  static const unsigned char* PassExpression(CfiReader* in) {
    const unsigned char* start = in->position();
    in->Skip(in->Uleb());
    return in->is_valid() ? start : nullptr;
  }
  int64_t Scaled(int64_t factored) const {
    return static_cast<int64_t>(
        static_cast<uint64_t>(factored) *
        static_cast<uint64_t>(description_.data_alignment));
  }
  Location* LocationOf(uint64_t number) {
    if (number == followed_) return &row_.rbp;
    if (number == description_.return_address_register) return &row_.rip;
    return &ignored_;
  }
  void RestoreRegister(uint64_t number) {
    if (number == followed_) row_.rbp = initial_.rbp;
    if (number == description_.return_address_register) row_.rip = initial_.rip;
  }

  const FrameDescription& description_;
  const uintptr_t address_;
  const uint64_t followed_;
  uintptr_t location_;
  bool is_complete_ = false;
  Row row_;
  Row initial_;
  Location ignored_;
  Row saved_[kMostSavedRows];
  int saved_count_ = 0;
};

bool Program::RunPart(const MappedBytes& instructions) {
  CfiReader in(instructions.begin, instructions.end);
  while (!in.IsAtEnd() && !is_complete_) {
    const uint8_t opcode = in.U8();
    if (!Execute(opcode, &in) || !in.is_valid()) return false;
  }
  return in.is_valid();
}

bool Program::Execute(uint8_t opcode, CfiReader* in) {
  const uint8_t operand = opcode & 0x3f;
  switch (opcode & 0xc0) {
    case kAdvance:
      is_complete_ = AdvanceBy(operand);
      return true;
    case kOffset:
      *LocationOf(operand) = {
          Where::kAtCfa, Scaled(static_cast<int64_t>(in->Uleb())), nullptr};
      return true;
    case kRestore:
      RestoreRegister(operand);
      return true;
    default:
      break;
  }
  switch (opcode) {
    case kNop:
      return true;
    case kSetLocation:
      location_ = in->Pointer(description_.pointer_encoding, 0);
      is_complete_ = location_ > address_;
      return true;
    case kAdvance1:
      is_complete_ = AdvanceBy(in->U8());
      return true;
    case kAdvance2:
      is_complete_ = AdvanceBy(in->U16());
      return true;
    case kAdvance4:
      is_complete_ = AdvanceBy(in->U32());
      return true;
    case kMipsAdvance8:
      is_complete_ = AdvanceBy(in->U64());
      return true;
    case kRememberState:
      if (saved_count_ == kMostSavedRows) return false;
      saved_[saved_count_++] = row_;
      return true;
    case kRestoreState:
      if (saved_count_ == 0) return false;
      row_ = saved_[--saved_count_];
      return true;
    case kDefCfa:
      row_.cfa_expression = nullptr;
      row_.cfa_register = in->Uleb();
      row_.cfa_offset = static_cast<int64_t>(in->Uleb());
      return true;
    case kDefCfaSigned:
      row_.cfa_expression = nullptr;
      row_.cfa_register = in->Uleb();
      row_.cfa_offset = Scaled(in->Sleb());
      return true;
    case kDefCfaRegister:
      row_.cfa_register = in->Uleb();
      return true;
    case kDefCfaOffset:
      row_.cfa_offset = static_cast<int64_t>(in->Uleb());
      return true;
    case kDefCfaOffsetSigned:
      row_.cfa_offset = Scaled(in->Sleb());
      return true;
    case kDefCfaExpression:
      row_.cfa_expression = PassExpression(in);
      return true;
    default:
      return ExecuteExtended(opcode, in);
  }
}

bool Program::ExecuteExtended(uint8_t opcode, CfiReader* in) {
  if (opcode == kGnuWindowSave) return true;
  if (opcode == kGnuArgumentsSize) {
    in->Uleb();
    return true;
  }
  // All others name a register first.
  const uint64_t number = in->Uleb();
  Location* location = LocationOf(number);
  switch (opcode) {
    case kOffsetExtended:
      *location = {Where::kAtCfa, Scaled(static_cast<int64_t>(in->Uleb())),
                   nullptr};
      return true;
    case kOffsetExtendedSigned:
      *location = {Where::kAtCfa, Scaled(in->Sleb()), nullptr};
      return true;
    case kGnuNegativeOffsetExtended:
      *location = {Where::kAtCfa,
                   Scaled(static_cast<int64_t>(uint64_t{0} - in->Uleb())),
                   nullptr};
      return true;
    case kRestoreExtended:
      RestoreRegister(number);
      return true;
    case kUndefinedRegister:
      *location = {Where::kUndefined, 0, nullptr};
      return true;
    case kSameValue:
      *location = {Where::kSame, 0, nullptr};
      return true;
    case kExpression:
      *location = {Where::kExpression, 0, PassExpression(in)};
      return true;
    case kInRegister:
    case kValueOffset:
    case kValueOffsetSigned:
      // A signed operand is as long as an unsigned one.
      in->Uleb();
      *location = {Where::kOther, 0, nullptr};
      return true;
    case kValueExpression:
      PassExpression(in);
      *location = {Where::kOther, 0, nullptr};
      return true;
    default:
      return false;
  }
}

constexpr Rule kInexpressibleRule = {
    RuleKind::kInexpressible, CfaBase::kRsp, RbpRule::kUndefined, 0, 0, 0};

bool FitsInt16(int64_t value) {
  return value >= INT16_MIN && value <= INT16_MAX;
}
bool FitsInt32(int64_t value) {
  return value >= INT32_MIN && value <= INT32_MAX;
}

// An expression's bytes; its length was checked when it was passed over.
CfiReader OpenExpression(const unsigned char* expression,
                         const unsigned char* end) {
  CfiReader in(expression, end);
  const uint64_t bytes = in.Uleb();
  const unsigned char* begin = in.position();
  in.Skip(bytes);
  return CfiReader(begin, in.position());
}

// "register + offset" as an expression begins: DW_OP_breg6 or 7.
bool ReadBaseRegister(CfiReader* in, uint64_t* number, int64_t* offset) {
  const uint8_t opcode = in->U8();
  *number = static_cast<uint64_t>(opcode) - kOpBase0;
  *offset = in->Sleb();
  return in->is_valid() && (*number == kRegisterRbp || *number == kRegisterRsp);
}

// The rest of a lazy PLT entry's CFA, after "rsp + offset":
// ((rip & 15) >= N) << 3, added.
bool ReadPltTail(CfiReader in, int16_t* threshold) {
  const uint8_t base = in.U8();
  const int64_t base_offset = in.Sleb();
  const uint8_t mask = in.U8();
  const uint8_t mask_operation = in.U8();
  const uint8_t literal = in.U8();
  *threshold = static_cast<int16_t>(literal - kOpLiteral0);
  return base == kOpBase0 + kRegisterRip && base_offset == 0 &&
         mask == kOpLiteral0 + 15 && mask_operation == kOpAnd &&
         literal >= kOpLiteral0 && literal <= kOpLiteral0 + 15 &&
         in.U8() == kOpGreaterOrEqual && in.U8() == kOpLiteral0 + 3 &&
         in.U8() == kOpShiftLeft && in.U8() == kOpPlus && in.is_valid() &&
         in.IsAtEnd();
}

bool SetCfaFromExpression(CfiReader in, Rule* rule) {
  uint64_t number;
  int64_t offset;
  if (!ReadBaseRegister(&in, &number, &offset)) return false;
  const bool is_rsp = number == kRegisterRsp;
  if (in.IsAtEnd()) {
    rule->cfa_base = is_rsp ? CfaBase::kRsp : CfaBase::kRbp;
    rule->cfa_offset = static_cast<int32_t>(offset);
    return FitsInt32(offset);
  }
  int16_t threshold;
  if (is_rsp && FitsInt16(offset) && ReadPltTail(in, &threshold)) {
    rule->cfa_base = CfaBase::kPlt;
    rule->cfa_offset = PackHalves(static_cast<int16_t>(offset), threshold);
    return true;
  }
  if (in.U8() != kOpDeref) return false;
  int64_t addend = 0;
  if (!in.IsAtEnd()) {
    if (in.U8() != kOpPlusConstant) return false;
    addend = static_cast<int64_t>(in.Uleb());
  }
  rule->cfa_base = is_rsp ? CfaBase::kRspDeref : CfaBase::kRbpDeref;
  rule->cfa_offset =
      PackHalves(static_cast<int16_t>(offset), static_cast<int16_t>(addend));
  return in.is_valid() && in.IsAtEnd() && FitsInt16(offset) &&
         FitsInt16(addend);
}

bool SetCfa(const Row& row, const unsigned char* end, Rule* rule) {
  if (row.cfa_expression != nullptr) {
    return SetCfaFromExpression(OpenExpression(row.cfa_expression, end), rule);
  }
  if (row.cfa_register != kRegisterRsp && row.cfa_register != kRegisterRbp) {
    return false;
  }
  rule->cfa_base =
      row.cfa_register == kRegisterRsp ? CfaBase::kRsp : CfaBase::kRbp;
  rule->cfa_offset = static_cast<int32_t>(row.cfa_offset);
  return FitsInt32(row.cfa_offset);
}

// A form of rbp that no rule expresses leaves it unknown: the walk ends where
// it would be needed, not before.
void SetRbp(const Row& row, const unsigned char* end, Rule* rule) {
  rule->rbp_rule = RbpRule::kUndefined;
  int64_t offset = 0;
  RbpRule place = RbpRule::kAtCfa;
  switch (row.rbp.where) {
    case Where::kSame:
      rule->rbp_rule = RbpRule::kUnchanged;
      return;
    case Where::kAtCfa:
      offset = row.rbp.offset;
      break;
    case Where::kExpression: {
      uint64_t number;
      CfiReader in = OpenExpression(row.rbp.expression, end);
      if (!ReadBaseRegister(&in, &number, &offset) || !in.IsAtEnd()) return;
      place = RbpRule::kAtRbp;
      if (number == kRegisterRsp) {
        // Said from the CFA instead, where that is a fixed way from rsp.
        if (rule->cfa_base != CfaBase::kRsp || !FitsInt32(offset)) return;
        offset -= rule->cfa_offset;
        place = RbpRule::kAtCfa;
      }
      break;
    }
    default:
      return;
  }
  if (!FitsInt16(offset)) return;
  rule->rbp_rule = place;
  rule->rbp_offset = static_cast<int16_t>(offset);
}

}  // namespace

Rule RuleFromDescription(const FrameDescription& description,
                         uintptr_t address) {
  Program program(description, address, kRegisterRbp);
  if (!program.Run()) return kInexpressibleRule;
  const Row& row = program.row();
  Rule rule = {RuleKind::kNormal, CfaBase::kRsp, RbpRule::kUnchanged, 0, 0, 0};
  if (row.rip.where == Where::kUndefined) {
    rule.kind = RuleKind::kEnd;
    return rule;
  }
  // Expressions of the CIE and of the FDE both lie below one of these ends;
  // the larger bounds both, and each was checked against its own when read.
  const unsigned char* end =
      description.instructions.end > description.initial_instructions.end
          ? description.instructions.end
          : description.initial_instructions.end;
  if (!SetCfa(row, end, &rule)) return kInexpressibleRule;
  // Linux's rt_sigframe: rsp points at the ucontext when the handler returns;
  // 160 is where the interrupted rsp is kept.
  if (description.is_signal_frame && rule.cfa_base == CfaBase::kRspDeref &&
      rule.cfa_offset == PackHalves(160, 0)) {
    rule.kind = RuleKind::kSignalFrame;
    return rule;
  }
  if (row.rip.where != Where::kAtCfa || row.rip.offset != -8) {
    return kInexpressibleRule;
  }
  SetRbp(row, end, &rule);
  return rule;
}

bool FindSavedRegister(const FrameDescription& description, uintptr_t address,
                       uint64_t number, int64_t* offset) {
  Program program(description, address, number);
  if (!program.Run() || program.row().rbp.where != Where::kAtCfa) return false;
  *offset = program.row().rbp.offset;
  return true;
}

}  // namespace heapline
