"""Which part may include which (docs/architecture.md): preload and analyzer
never see each other, include/ sees neither, and the analyzer's folders look
upwards only."""

import re
import unittest

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

# "a < b": b may include a.
LAYERS = ["base", "snapshot", "symbolize", "analysis", "report", "export",
          "command"]

# What libheapline.so may use of C++'s library: nothing that needs its code.
SHIM_CXX_HEADERS = {"atomic", "type_traits", "utility", "new", "cstddef",
                    "cstdint", "initializer_list"}


def includes(path):
    return INCLUDE.findall(tree.read(path))


class IncludeDirection(unittest.TestCase):
    def sources(self, folder):
        found = tree.files(*tree.CODE, under=folder)
        self.assertTrue(found, "no sources under " + folder)
        return found

    def expect_nothing(self, broken):
        self.assertEqual([], broken, "\n" + "\n".join(broken))

    def test_the_shim_sees_itself_and_the_shared_headers_only(self):
        self.expect_nothing([
            f"{path}: includes {name}" for path in self.sources("preload")
            for kind, name in includes(path)
            if kind == '"' and not name.startswith(("preload/", "heapline/"))])

    def test_the_shim_uses_no_part_of_the_cxx_library_with_code_in_it(self):
        self.expect_nothing([
            f"{path}: includes <{name}>" for path in self.sources("preload")
            for kind, name in includes(path)
            if kind == "<" and not name.endswith(".h")
            and name not in SHIM_CXX_HEADERS])

    def test_the_analyzer_never_includes_the_shim(self):
        self.expect_nothing([
            f"{path}: includes {name}" for path in self.sources("analyzer")
            for _, name in includes(path) if name.startswith("preload/")])

    def test_shared_headers_include_shared_headers_and_c_only(self):
        self.expect_nothing([
            f"{path}: includes {name}" for path in self.sources("include")
            for kind, name in includes(path)
            if not (name.startswith("heapline/") if kind == '"' else
                    name.endswith(".h") and "/" not in name)])

    def test_each_analyzer_folder_includes_its_own_and_lower_layers_only(self):
        broken = []
        for path in self.sources("analyzer"):
            parts = path.split("/")
            own = LAYERS.index(parts[1]) if len(parts) > 2 else len(LAYERS)
            for _, name in includes(path):
                if not name.startswith("analyzer/"):
                    continue
                other = name.split("/")[1]
                if other not in LAYERS:
                    broken.append(f"{path}: {name} is in no known layer")
                elif LAYERS.index(other) > own:
                    broken.append(f"{path}: includes {name}, a higher layer")
        self.expect_nothing(broken)

    def test_the_analyzer_has_no_folder_without_a_layer(self):
        folders = {path.split("/")[1] for path in self.sources("analyzer")
                   if path.count("/") > 1}
        self.assertEqual(set(), folders - set(LAYERS))

    def test_samples_include_the_public_header_only(self):
        self.expect_nothing([
            f"{path}: includes {name}" for path in self.sources("samples")
            for _, name in includes(path)
            if name.startswith(("preload/", "analyzer/")) or
            (name.startswith("heapline/") and name != "heapline/heapline.h")])

    def test_includes_of_our_own_headers_name_files_that_exist(self):
        everything = set(tree.files())
        broken = []
        for folder in ("preload", "analyzer", "include"):
            for path in self.sources(folder):
                for kind, name in includes(path):
                    ours = name.startswith(("preload/", "analyzer/",
                                            "heapline/"))
                    if kind == '"' and ours and name not in everything and \
                            "include/" + name not in everything:
                        broken.append(f"{path}: no file {name}")
        self.expect_nothing(broken)


if __name__ == "__main__":
    unittest.main()
