"""elf.py: what readelf says of a shared object, as Python values."""

import re
import subprocess


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *arguments], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def needed(path):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", readelf("--dynamic", path))


def dynamic_symbols(path):
    """[(name without version, version or "", section, type)], as listed."""
    symbols = []
    for line in readelf("--dyn-syms", path).split("\n"):
        fields = line.split()
        if len(fields) < 8 or not fields[0].rstrip(":").isdigit():
            continue
        name, _, version = fields[7].partition("@")
        symbols.append((name, version.lstrip("@"), fields[6], fields[3]))
    return symbols


def relocation_types(path):
    return set(re.findall(r"\b(R_X86_64_\w+|R_AARCH64_\w+)",
                          readelf("--relocs", path)))


def sections(path):
    return set(re.findall(r"\]\s+(\.[\w.\-]+)", readelf("--sections", path)))


def tls_bytes(path):
    for line in readelf("--segments", path).split("\n"):
        fields = line.split()
        if fields and fields[0] == "TLS":
            return int(fields[5], 16)
    return 0
