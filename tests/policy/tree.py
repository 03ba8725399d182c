"""tree.py: the source tree as the policy tests see it: what a checkout holds,
without what builds and runs leave behind."""

import os

SOURCE = os.environ.get(
    "HEAPLINE_SOURCE_DIR",
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("HEAPLINE_BUILD_DIR",
                       os.path.join(SOURCE, "build", "release"))

# Left behind by work; .gitignore has them too.
NOT_SOURCE = {"build", ".git", ".cache", "__pycache__", "heapline-snapshots"}

CODE = (".h", ".cc", ".c", ".def")


def files(*suffixes, under=""):
    """Paths relative to SOURCE, sorted; all files when no suffix is given."""
    found = []
    for folder, subfolders, names in os.walk(os.path.join(SOURCE, under)):
        subfolders[:] = sorted(set(subfolders) - NOT_SOURCE)
        for name in names:
            if not suffixes or name.endswith(suffixes):
                path = os.path.join(folder, name)
                found.append(os.path.relpath(path, SOURCE))
    return sorted(found)


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()
