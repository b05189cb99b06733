"""Arrays by name in files: npz without pickle, and safetensors with checksums. Imports ``backends``.

Reading executes nothing, and takes no more memory than the file's size warrants: what an archive declares is compared
with what it holds before anything is made of it.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import backends

# How many bytes an archive may unpack to: these, or its own size so many times. Weights don't compress further.
UNPACKED, RATIO = 64 * 1024 * 1024, 100
# Where safetensors' metadata holds the checksums of the arrays.
CHECKSUMS = "xpgrad.crc32"


def write_npz(file: BinaryIO, arrays: Mapping[str, Any]) -> None:
    """As ``numpy.savez``, which can't take arrays called ``file``."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                _numpy().lib.format.write_array(entry, array, allow_pickle=False)


def read_npz(path: Path) -> dict[str, Any]:
    """Name -> array of an archive of ``.npy`` entries.

    Raises:
        ValueError, zipfile.BadZipFile, zlib.error: it is damaged, or holds something else.
    """
    if not zipfile.is_zipfile(path):
        raise ValueError("not a zip archive")
    arrays: dict[str, Any] = {}
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        size, unpacked = path.stat().st_size, sum([entry.file_size for entry in entries])
        if unpacked > max(UNPACKED, RATIO * size):
            raise ValueError(f"{size:,} bytes that unpack to {unpacked:,}")
        for entry in entries:
            name = entry.filename.removesuffix(".npy")
            if name == entry.filename or name in arrays:
                raise ValueError(f"an entry {entry.filename!r}, {'twice' if name in arrays else 'which is no .npy'}")
            arrays[name] = _array(name, archive.read(entry))
    return arrays


def _array(name: str, data: bytes) -> Any:
    numpy = _numpy()
    layout = numpy.lib.format
    file = io.BytesIO(data)
    version = layout.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{name} in version {version} of .npy, expected 1.0 or 2.0")
    read_header = layout.read_array_header_1_0 if version == (1, 0) else layout.read_array_header_2_0
    shape, columns_first, dtype = read_header(file)
    if dtype.hasobject:
        raise ValueError(f"{name} of Python objects, which only pickle could read")
    start = file.tell()
    count = 1
    for n in shape:
        if n < 0:
            raise ValueError(f"{name} of shape {shape}")
        count *= n
    if count * dtype.itemsize != len(data) - start:
        raise ValueError(f"{name} of shape {shape} and {dtype} in {len(data) - start} bytes")
    # A bytearray, so that the array can be written to.
    flat = numpy.frombuffer(bytearray(memoryview(data)[start:]), dtype=dtype) if count else numpy.empty(0, dtype)
    return flat.reshape(shape, order="F" if columns_first else "C")


def write_safetensors(arrays: Mapping[str, Any]) -> bytes:
    """The file's bytes, with a checksum for each array in its metadata: the format has none of its own."""
    sums = {name: _checksum(array) for name, array in arrays.items()}
    return _safetensors().save(dict(arrays), metadata={CHECKSUMS: json.dumps(sums)})


def read_safetensors(path: Path) -> dict[str, Any]:
    """Name -> array; where the file has checksums, they are compared.

    Raises:
        ValueError, safetensors.SafetensorError: it is damaged.
    """
    load = _safetensors().load
    data = path.read_bytes()
    arrays: dict[str, Any] = load(data)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    sums = json.loads(header.get("__metadata__", {}).get(CHECKSUMS, "{}"))
    if sums and set(sums) != set(arrays):
        raise ValueError("names that are not those of the checksums")
    for name, expected in sums.items():
        found = _checksum(arrays[name])
        if found != expected:
            raise ValueError(f"{name} with a checksum of {found}, expected {expected}")
    return arrays


def _checksum(array: Any) -> int:
    return zlib.crc32(array.reshape(-1).view("uint8")) if array.size else 0


def _numpy() -> Any:
    """The library behind host arrays and npz files."""
    return backends.get("numpy").xp


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError(
            "safetensors: expected the package for .safetensors files; it is not installed. "
            "Install it with: pip install 'xpgrad[nn]', or save to a name that ends in .npz."
        ) from None
    return safetensors.numpy
