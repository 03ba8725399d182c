// array_test.cc
#include "samples/runtime/array.h"

#include <cstring>
#include <vector>

#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using ArrayTest = RuntimeFixture;

TEST_F(ArrayTest, GrowsAsCPythonsDo) {
  const Ref<Array> array = Array::Make('i');
  std::vector<size_t> capacities{array->capacity()};
  for (int i = 0; i < 200; ++i) {
    array->Append(i);
    if (array->capacity() != capacities.back())
      capacities.push_back(array->capacity());
    EXPECT_EQ(array->ShallowBytes(), 64 + 4 * array->capacity());
  }
  EXPECT_EQ(capacities,
            (std::vector<size_t>{0, 4, 8, 16, 25, 34, 44, 54, 65, 77, 89, 102,
                                 116, 131, 147, 164, 182, 201}));
}

TEST_F(ArrayTest, HoldsWhatItsElementsCan) {
  struct Row {
    char type_code;
    size_t bytes;
    int64_t least, greatest;
  };
  for (const Row& row :
       std::initializer_list<Row>{{'b', 1, -128, 127},
                                  {'i', 4, INT32_MIN, INT32_MAX},
                                  {'l', 8, INT64_MIN, INT64_MAX}}) {
    const Ref<Array> array = Array::Make(row.type_code);
    EXPECT_EQ(array->element_bytes(), row.bytes);
    array->Append(row.least);
    array->Append(row.greatest);
    EXPECT_EQ(array->Get(0), row.least);
    EXPECT_EQ(array->Get(-1), row.greatest);
  }
  const Ref<Array> doubles = Array::Make('d');
  doubles->AppendDouble(0.5);
  EXPECT_EQ(doubles->GetDouble(0), 0.5);
}

TEST_F(ArrayTest, ComplainsInCPythonsWords) {
  EXPECT_EQ(ErrorOf([] { Array::Make('x'); }),
            "ValueError: bad typecode (must be b, i, l or d)");
  const Ref<Array> bytes = Array::Make('b');
  EXPECT_EQ(ErrorOf([&] { bytes->Append(128); }),
            "OverflowError: signed char is greater than maximum");
  EXPECT_EQ(ErrorOf([&] { Array::Make('i')->Append(INT64_MIN); }),
            "OverflowError: signed integer is less than minimum");
  EXPECT_EQ(ErrorOf([&] { bytes->Get(0); }),
            "IndexError: array index out of range");
  EXPECT_EQ(ErrorOf([&] { bytes->Pop(); }), "IndexError: pop from empty array");
  EXPECT_NE(ErrorOf([&] { bytes->AppendDouble(1); }), "");
  EXPECT_NE(ErrorOf([&] { Array::Make('d')->Append(1); }), "");
}

TEST_F(ArrayTest, AViewKeepsTheItemsWhereTheyAre) {
  const Ref<Array> array = Array::Make('b');
  for (const char c : std::string("abc")) array->Append(c);
  {
    const Array::View view(array);
    ASSERT_EQ(view.bytes(), 3u);
    EXPECT_EQ(memcmp(view.data(), "abc", 3), 0);
    EXPECT_EQ(ErrorOf([&] { array->Append('d'); }),
              "BufferError: cannot resize an array that is exporting buffers");
  }
  array->Append('d');
  array->Pop();
  EXPECT_EQ(array->size(), 3u);
}

}  // namespace
}  // namespace runtime
