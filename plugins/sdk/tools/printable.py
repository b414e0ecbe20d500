"""Writes ../src/printable.rs: the characters that CPython's repr escapes (str.isprintable).

Run with the CPython whose tables are wanted: python3 printable.py > ../src/printable.rs
"""
import unicodedata

ranges = []
for code in range(0x110000):
    if chr(code).isprintable():
        continue
    if ranges and ranges[-1][1] == code - 1:
        ranges[-1][1] = code
    else:
        ranges.append([code, code])
print("//! Which characters `repr` shows as they are. Written by `tools/printable.py`; do not edit.")
print("//!")
print(f"//! Unicode {unicodedata.unidata_version}; knows nothing beyond `str.isprintable`.")
print()
print("/// Whether CPython's `repr` shows `c` unescaped.")
print("pub(crate) fn is_printable(c: char) -> bool {")
print("    let code = u32::from(c);")
print("    let after = ESCAPED.partition_point(|&(first, _)| first <= code);")
print("    after == 0 || ESCAPED[after - 1].1 < code")
print("}")
print()
print("/// First and last of each run of characters that are escaped.")
print("#[rustfmt::skip]")
print(f"static ESCAPED: [(u32, u32); {len(ranges)}] = [")
row = "   "
for first, last in ranges:
    item = f" ({first:#x}, {last:#x}),"
    if len(row) + len(item) > 100:
        print(row)
        row = "   "
    row += item
print(row)
print("];")
