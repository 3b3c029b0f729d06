"""Makes the archives in this directory with the programs that people use, and says what is in them.

Needs: Python's lz4, the lz4 and zstd commands, GNU tar. Run it in this directory.
`expected.txt` has a line a plain file: archive, name in hexadecimal, size, CRC-32 of the body.
"""

import gzip
import io
import os
import random
import subprocess
import tarfile
import tempfile
import zipfile
import zlib

import lz4.frame

random.seed(7)
PATTERN = random.randbytes(3_000)


def body(n, size):
    """Bytes that shrink to almost nothing, different for each n."""
    unit = PATTERN[n * 7 : n * 7 + 900 + 31 * n]
    return (unit * (size // len(unit) + 1))[:size]


FILES = [
    ("frames/one.h5", 70_001),
    ("frames/" + "long-" * 40 + "name.h5", 90_000),
    ("/absolute/member.h5", 512),
    ("../outside.h5", 0),
    ("frames/last.h5", 140_000),
]
LATIN = os.fsdecode(b"frames/\xfcml\xe4ut.h5")
expected = []


def expect(archive, name, data):
    expected.append(f"{archive} {os.fsencode(name).hex()} {len(data)} {zlib.crc32(data):08x}")


def tar(fmt, odd=False):
    """A tar in one of Python's formats; `odd` adds everything that is no plain file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=fmt, encoding="utf-8", errors="surrogateescape") as t:
        for n, (name, size) in enumerate(FILES + [(LATIN, 10)]):
            info = tarfile.TarInfo(name)
            info.size = size
            t.addfile(info, io.BytesIO(body(n, size)))
        if odd:
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
                info = tarfile.TarInfo("odd-" + kind.decode())
                info.type = kind
                info.linkname = "frames/one.h5"
                t.addfile(info)
            info = tarfile.TarInfo("frames/one.h5")
            info.size = 5
            t.addfile(info, io.BytesIO(b"again"))
    return out.getvalue()


def save(name, data, files=True, odd=False):
    with open(name, "wb") as f:
        f.write(data)
    if files:
        for n, (member, size) in enumerate(FILES + [(LATIN, 10)]):
            expect(name, member, body(n, size))
    if odd:
        expect(name, "frames/one.h5", b"again")


def cli(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def python_open(data, **settings):
    out = io.BytesIO()
    with lz4.frame.open(out, "wb", **settings) as f:
        for at in range(0, len(data), 10_240):
            f.write(data[at : at + 10_240])
    return out.getvalue()


pax, gnu, ustar = tar(tarfile.PAX_FORMAT), tar(tarfile.GNU_FORMAT), tar(tarfile.GNU_FORMAT, odd=True)
save("python-compress.tar.lz4", lz4.frame.compress(pax))
save("python-open.tar.lz4", python_open(gnu))
save("python-flush.tar.lz4", python_open(gnu, auto_flush=True, block_linked=True, content_checksum=True))
save("python-independent.tar.lz4", lz4.frame.compress(pax, block_linked=False, block_checksum=True))
save("cli.tar.lz4", cli(["lz4", "-c"], gnu))
save("cli-linked.tar.lz4", cli(["lz4", "-c", "-B4", "-BD", "-BX"], pax))
save("cli-size-hc.tar.lz4", cli(["lz4", "-c", "-9", "-B5", "--no-frame-crc"], gnu))
save("cli-two-frames.tar.lz4", cli(["lz4", "-c"], gnu[:100_000]) + cli(["lz4", "-c"], gnu[100_000:]))
save("odd.tar.lz4", cli(["lz4", "-c"], ustar), odd=True)
save("python.tar.gz", gzip.compress(pax, mtime=0))
save("cli.tar.zst", cli(["zstd", "-c", "-q"], gnu))
save("cli-two-frames.tar.zst", cli(["zstd", "-c", "-q"], gnu[:100_000]) + cli(["zstd", "-c", "-q"], gnu[100_000:]))
save("legacy.tar.lz4", cli(["lz4", "-c", "-l"], gnu), files=False)

with tempfile.TemporaryDirectory() as scratch:
    with open(f"{scratch}/holes.h5", "wb") as f:
        f.write(b"start")
        f.truncate(300_000)
    with open(f"{scratch}/plain.h5", "wb") as f:
        f.write(body(3, 9_000))
    for fmt in ("gnu", "posix"):
        command = ["tar", "-C", scratch, "--sparse", f"--format={fmt}", "--owner=0", "--group=0", "--mtime=@0"]
        command += ["--pax-option=delete=atime,delete=ctime"] if fmt == "posix" else []
        data = cli([*command, "-c", "holes.h5", "plain.h5"], b"")
        save(f"sparse-{fmt}.tar.lz4", cli(["lz4", "-c"], data), files=False)
        expect(f"sparse-{fmt}.tar.lz4", "plain.h5", body(3, 9_000))

with zipfile.ZipFile("python.zip", "w") as z:
    for n, (name, size) in enumerate(FILES):
        how = zipfile.ZIP_DEFLATED if n % 2 else zipfile.ZIP_STORED
        data = body(n, size if n % 2 else min(size, 700))
        z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, how)
        expect("python.zip", name, data)

with open("expected.txt", "w") as f:
    f.write("\n".join(expected) + "\n")
