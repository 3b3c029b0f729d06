"""Rows and order-independent checksums of Arrow tables, as the published data sets state them in `truth.json`.

All arithmetic modulo 2**64; `mix` is splitmix64 (Steele, Lea, Flood 2014). Of a column: the sum over rows of
mix(value + mix(crc32(name))). A value is the two's complement of an integer or bool; the bits of a float64 (-0.0 as
0.0); nanoseconds of a moment, span or date; crc32 + 2**32 * length of text or bytes; of a category its value. Every missing
value, NaN included, is 0x6E756C6C.
"""
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MISSING = np.uint64(0x6E756C6C)
TO_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def mix(x):
    x = np.asarray(x, dtype=np.uint64)
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def of(table):
    """{"rows": n, "columns": {name: {"nulls": n, "sum": hex}}} of a table."""
    columns = {}
    for name, chunked in zip(table.column_names, table.columns):
        salt = mix(np.uint64(zlib.crc32(name.encode())))
        total, nulls = 0, 0
        for chunk in chunked.chunks:
            values = values_of(chunk)
            with np.errstate(over="ignore"):
                total += int(mix(values + salt).sum(dtype=np.uint64))
            nulls += int((values == MISSING).sum())
        columns[name] = {"nulls": nulls, "sum": f"{total % 2**64:016x}"}
    return {"rows": table.num_rows, "columns": columns}


def values_of(array):
    """The value of each row, as uint64."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return values_of(array.dictionary_decode())
    if pa.types.is_null(kind):
        return np.full(len(array), MISSING)
    if is_text(kind):
        return text_values(array)
    missing = array.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_floating(kind):
        floats = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
        missing = missing | np.isnan(floats)
        bits = np.where(floats == 0.0, 0.0, floats).view(np.uint64)
    elif pa.types.is_uint64(kind):
        bits = pc.fill_null(array, 0).to_numpy(zero_copy_only=False)
    elif pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        bits = integers(array.cast(pa.int64())) * np.int64(TO_NANOSECONDS[kind.unit])
    elif pa.types.is_date(kind):
        bits = integers(array.cast(pa.date32()).cast(pa.int32())) * np.int64(86_400 * 10**9)
    elif pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        bits = integers(array.cast(pa.int64()))
    else:
        raise TypeError(f"no checksum for {kind}")
    return np.where(missing, MISSING, bits.view(np.uint64))


def integers(array):
    return pc.fill_null(array, 0).to_numpy(zero_copy_only=False).astype(np.int64)


def is_text(kind):
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary,
             pa.types.is_string_view, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    return any(t(kind) for t in tests)


def text_values(array):
    known = {None: int(MISSING)}
    out = np.empty(len(array), dtype=np.uint64)
    for i, cell in enumerate(array.to_pylist()):
        if cell not in known:
            raw = cell.encode() if isinstance(cell, str) else bytes(cell)
            known[cell] = zlib.crc32(raw) + (len(raw) << 32)
        out[i] = known[cell]
    return out
