"""The bytes of a model or an update, written out by hand from docs/formats."""

import json
import struct


def spell(arrays, kind):
    """``arrays``: name to (shape, flat list of ints); ``kind``: "model" or "update"."""
    code, scale, letter = {
        "model": ("I64", "2^-32", "q"),
        "update": ("I32", "2^-24", "i"),
    }[kind]
    header = {"__metadata__": {"format": f"quorate/{kind}/v1", "scale": scale}}
    body = b""
    for name in sorted(arrays):
        shape, values = arrays[name]
        start = len(body)
        body += struct.pack(f"<{len(values)}{letter}", *values)
        header[name] = {"data_offsets": [start, len(body)], "dtype": code, "shape": list(shape)}
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    while len(text) % 8:
        text += b" "
    return struct.pack("<Q", len(text)) + text + body
