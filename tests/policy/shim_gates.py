"""The build gates of libheapline.so (preload/README.md): what it needs, what it
exports, what it may ask of libc, and how its thread storage is reached. Each
keeps a decision that could not be taken back later."""

import os
import re
import unittest

import elf
import tree

SHIM = os.path.join(tree.BUILD, "lib", "libheapline.so")

# All that the shim asks of libc by name; the rest is raw system calls. A new
# name here needs a reason: it must neither allocate, nor lock, nor be a name
# that programs define themselves.
MAY_ASK_LIBC = {
    "dlsym",             # the next allocator, once, at start
    "dlopen",            # libunwind where asked for; a C++ library already
                         # there (RTLD_NOLOAD) when memory has run out
    "dladdr",            # at start only, beside dlsym; dlerror never: it
                         # translates, under a lock the caller may hold
    "__errno_location",  # a hook leaves errno as the real function set it
    "environ", "__environ",  # execv and its like hand it on; never read else
    "__cxa_atexit",      # the exit snapshot, registered before any other
    "__register_atfork", # a forked copy becomes a process of its own
    "__cxa_finalize",    # from crt files where the compiler adds them
    "__gmon_start__", "_ITM_deregisterTMCloneTable",
    "_ITM_registerTMCloneTable",  # weak, never defined
}


def interposed_names():
    return set(re.findall(r"^HEAPLINE_INTERPOSED\([^,]+, *(\w+),",
                          tree.read("preload/interposed.def"), re.MULTILINE))


class ShimGates(unittest.TestCase):
    def setUp(self):
        self.assertTrue(os.path.exists(SHIM), f"{SHIM}: not built")

    def test_the_shim_needs_libc_and_nothing_else(self):
        self.assertEqual(["libc.so.6"], elf.needed(SHIM))

    def test_exports_are_the_rows_of_the_table_and_the_api(self):
        exported = {name for name, _, section, _ in elf.dynamic_symbols(SHIM)
                    if section != "UND" and name}
        # A version node of the export map is listed as an absolute symbol.
        self.assertEqual(interposed_names() | {"heapline_api"}, exported)

    def test_what_is_asked_of_libc_stays_on_the_allow_list(self):
        asked = {name for name, _, section, _ in elf.dynamic_symbols(SHIM)
                 if section == "UND" and name}
        self.assertEqual(set(), asked - MAY_ASK_LIBC)

    def test_nothing_newer_than_glibc_2_17_is_asked_for(self):
        asked = {(name, version)
                 for name, version, section, _ in elf.dynamic_symbols(SHIM)
                 if section == "UND" and version.startswith("GLIBC_")}
        for name, version in asked:
            number = [int(part) for part in re.findall(r"\d+", version)]
            # Moved from libdl into libc by 2.34; as old as glibc itself.
            if name not in ("dlsym", "dlopen", "dladdr"):
                self.assertLessEqual(number, [2, 17], f"{name}@{version}")

    def test_thread_storage_is_never_reached_by_a_call(self):
        names = {name for name, _, _, _ in elf.dynamic_symbols(SHIM)}
        self.assertNotIn("__tls_get_addr", names)
        dynamic_models = {kind for kind in elf.relocation_types(SHIM)
                          if re.search("DTPMOD|DTPOFF|TLSGD|TLSLD|TLSDESC",
                                       kind)}
        self.assertEqual(set(), dynamic_models)

    def test_thread_storage_is_small_enough_for_any_program(self):
        self.assertLessEqual(elf.tls_bytes(SHIM), 256)
        self.assertGreater(elf.tls_bytes(SHIM), 0)

    def test_hooks_have_unwind_tables_and_no_personality(self):
        self.assertIn(".eh_frame", elf.sections(SHIM))
        self.assertNotIn(".gcc_except_table", elf.sections(SHIM))
        names = {name for name, _, _, _ in elf.dynamic_symbols(SHIM)}
        self.assertNotIn("__gxx_personality_v0", names)

    def test_the_shim_is_marked_for_control_flow_enforcement(self):
        notes = elf.readelf("--notes", SHIM)
        self.assertRegex(notes, "IBT")
        self.assertRegex(notes, "SHSTK")

    def test_nothing_is_writable_and_executable_or_bound_late(self):
        segments = elf.readelf("--segments", SHIM)
        for line in segments.split("\n"):
            self.assertNotRegex(line, r"^\s*(LOAD|GNU_STACK)\b.*\bRWE\b")
        self.assertIn("GNU_RELRO", segments)
        self.assertRegex(elf.readelf("--dynamic", SHIM), r"\bNOW\b")

    def test_no_libc_function_is_reached_by_a_lazy_indirection(self):
        self.assertNotIn("R_X86_64_IRELATIVE", elf.relocation_types(SHIM))


if __name__ == "__main__":
    unittest.main()
