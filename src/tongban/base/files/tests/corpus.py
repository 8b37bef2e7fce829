"""Files to hand in, good and evil, made in memory."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable

import pikepdf
from PIL import Image

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def image(key: str = "png", size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (20, 90, 160)).save(out, key.upper())
    return out.getvalue()


def pdf(change: Callable[[pikepdf.Pdf], None] | None = None, **save: object) -> bytes:
    document = pikepdf.new()
    document.add_blank_page()
    if change:
        change(document)
    out = io.BytesIO()
    document.save(out, **save)
    return out.getvalue()


def pdf_with_script(document: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
    document.Root.OpenAction = document.make_indirect(action)


def pdf_with_script_in_stream(document: pikepdf.Pdf) -> None:
    script = document.make_stream(b"app.alert(1)")
    document.pages[0].obj.AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=script))


def pdf_with_launch(document: pikepdf.Pdf) -> None:
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Rect=[0, 0, 9, 9],
        A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("cmd.exe")),
    )
    document.pages[0].obj.Annots = pikepdf.Array([document.make_indirect(link)])


def pdf_with_attachment(document: pikepdf.Pdf) -> None:
    document.attachments["x.txt"] = b"hello"


def zipped(members: Iterable[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content, compress_type=method)
    return out.getvalue()


_TYPES = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def office(folder: str = "word", *more: tuple[str, bytes]) -> bytes:
    main = {"word": "document.xml", "xl": "workbook.xml", "ppt": "presentation.xml"}[folder]
    return zipped(
        [("[Content_Types].xml", _TYPES), (f"{folder}/{main}", b"<doc>\xe7\x94\xb3\xe8\xaf\xb7</doc>"), *more]
    )


def ofd() -> bytes:
    return zipped([("OFD.xml", b"<ofd/>"), ("Doc_0/Document.xml", b"<d/>"), ("Doc_0/Res/image.png", image())])


def ole(stream: str = "WordDocument", *more: str) -> bytes:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    names = b"".join(n.encode("utf-16-le").ljust(128, b"\0") for n in ("Root Entry", stream, *more))
    return head + names + bytes(1024)


def _info(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def raw_name(placeholder: bytes, name: bytes) -> bytes:
    """A zip whose member is called what `zipfile` would not write; both of one length."""
    assert len(placeholder) == len(name)
    return zipped([(placeholder.decode(), b"x")]).replace(placeholder, name)


def flagged(bit: int) -> bytes:
    data = bytearray(zipped([("a.txt", b"secret")]))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature) + offset
        data[at] |= bit
    return bytes(data)


def overlapping() -> bytes:
    """Two directory entries over one body, as in zip bombs that need no nesting."""
    data = zipped([("a.txt", b"0" * 5000)])
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[at:end]
    second = entry.replace(b"a.txt", b"b.txt")
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(entry) * 2, at, 0)
    return data[:at] + entry + second + tail


def lying_size() -> bytes:
    """The directory says 10 bytes, the body unpacks to 30 MB."""
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = body.compress(bytes(30_000_000)) + body.flush()
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(packed), 10, 5, 0) + b"a.txt"
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(packed), 10, 5, 0, 0, 0, 0, 0, 0)
    entry += b"a.txt"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(head) + len(packed), 0)
    return head + packed + entry + end


def bomb(megabytes: int = 200) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("0.txt", "w") as member,
    ):
        for _ in range(megabytes):
            member.write(bytes(1_000_000))
    return out.getvalue()


def evil_zips() -> dict[str, bytes]:
    good = zipped([("a.txt", b"hello")])
    return {
        "parent": zipped([("../../evil.txt", b"x")]),
        "parent inside": zipped([("a/../../evil.txt", b"x")]),
        "absolute": zipped([("/etc/passwd", b"x")]),
        "windows absolute": zipped([("C:evil.txt", b"x")]),
        "backslashes": raw_name(b"aaaaaaaaa.txt", b"..\\..\\evil.tx"[:13]),
        "unc": raw_name(b"aaaaaaaaaaaa.txt", b"\\\\host\\share\\a.t"),
        "empty part": zipped([("a//b.txt", b"x")]),
        "dot part": zipped([("./a.txt", b"x")]),
        "nul in name": raw_name(b"aaa.txt?.jpg", b"aaa.txt\x00.jpg"),
        "newline in name": zipped([("a\nb.txt", b"x")]),
        "direction override": zipped([("invoice\u202efdp.txt", b"x")]),
        "symlink": zipped([(_info("link", stat.S_IFLNK | 0o777), b"/etc/passwd")]),
        "device": zipped([(_info("dev", stat.S_IFCHR | 0o666), b"")]),
        "fifo": zipped([(_info("pipe", stat.S_IFIFO | 0o666), b"")]),
        "encrypted": flagged(1),
        "twice": _twice(),
        "twice by case": zipped([("a.txt", b"x"), ("A.TXT", b"y")]),
        "file and folder": zipped([("a", b"x"), ("a/b.txt", b"y")]),
        "zip in zip": zipped([("inner.zip", good)]),
        "zip called text": zipped([("inner.txt", good)]),
        "gzip inside": zipped([("a.txt", b"\x1f\x8b\x08\x00" + b"x" * 20)]),
        "program": zipped([("setup.exe", b"MZ" + bytes(50))]),
        "program called text": zipped([("readme.txt", b"MZ" + bytes(50))]),
        "page": zipped([("index.html", b"<script>")]),
        "double ending": zipped([("a.pdf.exe", b"x")]),
        "prefix": b"#!/bin/sh\n" + good,
        "suffix": good + b"<script>alert(1)</script>",
        "comment": _commented(good),
        "too many": zipped([(f"{i}.txt", b"") for i in range(2_001)]),
        "overlapping": overlapping(),
        "lying size": lying_size(),
        "bomb": bomb(5),
        "bzip2": zipped([("a.txt", b"x" * 50)], zipfile.ZIP_BZIP2),
        "broken": good[: len(good) // 2] + good[len(good) // 2 + 3 :],
        "wrong crc": good.replace(b"a.txt", b"b.txt", 1),
        "eicar": zipped([("a.txt", b"xx" + EICAR)]),
    }


def _twice() -> bytes:
    return zipped([("a.txt", b"x"), ("b.txt", b"y")]).replace(b"b.txt", b"a.txt")


def _commented(good: bytes) -> bytes:
    return good[:-2] + struct.pack("<H", 9) + b"<script>x"


def polyglots() -> dict[str, tuple[str, bytes]]:
    """Name under which it comes, and the bytes."""
    good = zipped([("a.txt", b"hello")])
    return {
        "pdf and zip": ("a.pdf", pdf() + good),
        "zip and pdf": ("a.zip", good + pdf()),
        "pdf not at the start": ("a.pdf", b"MZ junk\n" + pdf()),
        "pdf and page": ("a.pdf", pdf() + b"<html><script>alert(1)</script>"),
        "gif and script": ("a.gif", b"GIF89a/*" + image("gif")[8:] + b"*/=1;alert(1)"),
        "gif that assigns": ("a.gif", b"GIF89a=1" + image("gif")[8:]),
        "gif and more": ("a.gif", image("gif") + b"x"),
        "png and zip": ("a.png", image() + good),
        "png and page": ("a.png", image() + b"<script>alert(1)</script>"),
        "page in png": ("a.png", _png_text(b"<script>alert(1)</script>")),
        "jpeg and zip": ("a.jpg", image("jpeg") + good),
        "jpeg and php": ("a.jpg", image("jpeg") + b"<?php system($_GET[0]);"),
        "page in jpeg": ("a.jpg", image("jpeg")[:2] + b"\xff\xfe\x00\x11<script>alert()" + image("jpeg")[2:]),
        "page as text": ("a.txt", b"hello <ScRiPt >alert(1)</script>"),
        "word and zip": ("a.doc", ole() + good),
    }


def _png_text(text: bytes) -> bytes:
    data = image()
    body = b"tEXtnote\0" + text
    chunk = struct.pack(">L", len(body) - 4) + body + struct.pack(">L", zlib.crc32(body))
    return data[:33] + chunk + data[33:]


def disguised() -> dict[str, tuple[str, bytes]]:
    return {
        "png called jpg": ("a.jpg", image()),
        "pdf called docx": ("a.docx", pdf()),
        "program called pdf": ("a.pdf", b"MZ" + bytes(500)),
        "elf called png": ("a.png", b"\x7fELF" + bytes(500)),
        "page called pdf": ("a.pdf", b"<html><script>alert(1)</script></html>"),
        "docx called xlsx": ("a.xlsx", office("word")),
        "zip called docx": ("a.docx", zipped([("a.txt", b"x")])),
        "xls called doc": ("a.doc", ole("Workbook")),
        "rar called zip": ("a.zip", b"Rar!\x1a\x07\x00" + bytes(100)),
        "noise called csv": ("a.csv", bytes(range(256)) * 4),
    }


def harmful() -> dict[str, tuple[str, bytes]]:
    target = b'<Relationship Type="http://x/attachedTemplate" Target="http://x/a.dotm" TargetMode="External"/>'
    entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    return {
        "pdf with script": ("a.pdf", pdf(pdf_with_script)),
        "pdf with script in a stream": ("a.pdf", pdf(pdf_with_script_in_stream)),
        "pdf with script in an object stream": (
            "a.pdf",
            pdf(pdf_with_script, object_stream_mode=pikepdf.ObjectStreamMode.generate),
        ),
        "pdf with launch": ("a.pdf", pdf(pdf_with_launch)),
        "pdf with attachment": ("a.pdf", pdf(pdf_with_attachment)),
        "pdf with password": ("a.pdf", pdf(encryption=pikepdf.Encryption(owner="o", user="u"))),
        "pdf cut short": ("a.pdf", pdf()[:100]),
        "png cut short": ("a.png", image()[:-20]),
        "jpeg cut short": ("a.jpg", image("jpeg")[:200]),
        "png bomb": ("a.png", _png_of(60_000, 60_000)),
        "docm": ("a.docx", office("word", ("word/vbaProject.bin", b"x"))),
        "xlsm": ("a.xlsx", office("xl", ("xl/vbaProject.bin", b"x"))),
        "excel 4 macros": ("a.xlsx", office("xl", ("xl/macrosheets/sheet1.xml", b"<a/>"))),
        "active x": ("a.docx", office("word", ("word/activeX/activeX1.xml", b"<a/>"))),
        "remote template": ("a.docx", office("word", ("word/_rels/settings.xml.rels", target))),
        "entities": ("a.docx", office("word", ("word/styles.xml", entity))),
        "entities in utf-16": ("a.docx", office("word", ("word/styles.xml", entity.decode().encode("utf-16")))),
        "program in docx": ("a.docx", office("word", ("word/embeddings/x.bin", b"MZ" + bytes(90)))),
        "old macros in docx": (
            "a.docx",
            office("word", ("word/embeddings/o.bin", ole("Workbook", "_VBA_PROJECT_CUR", "VBA"))),
        ),
        "doc with macros": ("a.doc", ole("WordDocument", "Macros", "VBA")),
        "doc with a package": ("a.doc", ole("WordDocument", "\x01Ole10Native")),
        "docx with password": ("a.doc", ole("EncryptedPackage", "WordDocument")),
        "eicar text": ("a.txt", EICAR),
        "eicar behind a page": ("a.txt", b"x" * 65_530 + EICAR),
        "eicar in docx": ("a.docx", office("word", ("word/media/a.txt", EICAR))),
        "docx bomb": ("a.docx", office("word", ("word/media/a.bmp", bytes(5_000_000)))),
    }


def _png_of(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">2L5B", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 10)
    parts = [(header, len(header) - 4), (data, len(data) - 4), (b"IEND", 0)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", length) + body + struct.pack(">L", zlib.crc32(body)) for body, length in parts
    )
