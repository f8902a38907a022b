"""Models where they are: in archives of every kind, named by archive and member, read and never written."""

from __future__ import annotations

import io
import os
import random
import struct
import sys
import zipfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

import analyzer
from analyzer.errors import ModelError, UsageError
from analyzer.sources import ModelSource, archives, at_hand, find, find_one, litertlm, load
from analyzer.sources.archives import ArchiveError
from tests.cli.models import chain, save
from tests.cli.running import run
from tests.sources.packing import bundle, gzipped, tarred, zipped

MODEL, OTHER = chain("RELU"), chain("RELU", "NEG")
FILES = {"assets/m.tflite": MODEL, "assets/b/n.tflite": OTHER, "lib/arm64/libx.so": b"\x7fELF" + bytes(100)}


def names(sources: list[ModelSource]) -> list[str]:
    return [source.name for source in sources]


def operators(source: ModelSource) -> int:
    with at_hand(source) as held:
        return len(load(held).subgraphs[0].operators)


def found(file: Path) -> list[tuple[str, int]]:
    """The models of an archive: names in it and how many operators they have."""
    return [(source.name.removeprefix(f"{file}!"), operators(source)) for source in find([os.fspath(file)])]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *((f"app{ending}", zipped(FILES)) for ending in (".apk", ".aab", ".aar", ".ipa", ".zip", ".task")),
        ("stored.apk", zipped(FILES, stored=True)),
        ("models.tar.gz", tarred(FILES)),
        ("models.tgz", tarred(FILES)),
        ("models.tar", tarred(FILES, packed=False)),
        ("whatever", zipped(FILES)),
    ],
)
def test_models_are_found_in_archives(tmp_path: Path, name: str, content: bytes) -> None:
    file = save(tmp_path / name, content)
    assert found(file) == [("assets/b/n.tflite", 2), ("assets/m.tflite", 1)]


def test_a_bundle_of_language_models(tmp_path: Path) -> None:
    models = [("tf_lite_embedder", MODEL), ("tf_lite_prefill_decode", OTHER), ("tf_lite_embedder", OTHER)]
    file = save(tmp_path / "lm.litertlm", bundle(models))
    assert found(file) == [
        ("tf_lite_embedder-2.tflite", 2),
        ("tf_lite_embedder.tflite", 1),
        ("tf_lite_prefill_decode.tflite", 2),
    ]


def test_a_packed_model_keeps_its_name(tmp_path: Path) -> None:
    file = save(tmp_path / "m.tflite.gz", gzipped(OTHER))
    assert names(find([os.fspath(file)])) == [str(file)]
    assert operators(find_one(os.fspath(file))) == 2


@pytest.mark.parametrize(
    ("content", "inside"),
    [(gzipped(OTHER), ""), (zipped({"a/m.tflite": OTHER, "b.txt": b"b"}), "!a/m.tflite")],
    ids=["gzip", "zip"],
)
def test_an_archive_is_one_by_whatever_way_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, inside: str
) -> None:
    file = save(tmp_path / "packed/m.model", content)
    assert [(source.name, operators(source)) for source in find([str(file)])] == [(f"{file}{inside}", 2)]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert analyzer.read("-").path == f"-{inside}"
    for source in (content, memoryview(content), io.BytesIO(content)):
        model = analyzer.read(source, "given")
        assert (model.path, len(model.subgraphs[0].operators)) == (f"given{inside}", 2)
    # What is called a model, and no runtime would load, is refused.
    called = save(tmp_path / "packed/m.tflite", content)
    for path in (called, called.parent, save(tmp_path / "app.zip", zipped({"m.tflite": content}))):
        with pytest.raises(ModelError, match=r"m\.tflite: is (compressed with gzip|a zip archive)"):
            operators(find_one(str(path)))
    with pytest.raises(ModelError, match=r"m\.tflite: is "):
        analyzer.read(content, "m.tflite")


def test_one_of_several_models_has_to_be_named() -> None:
    with pytest.raises(analyzer.ModelError, match="is an archive of 2 models; keep it as a file, and"):
        analyzer.read(zipped(FILES))
    with pytest.raises(analyzer.ModelError, match=r"in\.zip: no model \(\.tflite\) in this archive"):
        analyzer.read(zipped({"a.txt": b"text"}), "in.zip")


def test_archives_in_archives(tmp_path: Path) -> None:
    task = zipped({"face.tflite": MODEL, "TF_LITE_PREFILL_DECODE": OTHER, "TOKENIZER_MODEL": b"words words"})
    file = save(tmp_path / "app.apk", zipped({"assets/face.task": task, "x.tflite.gz": gzipped(OTHER)}))
    assert found(file) == [
        ("assets/face.task!TF_LITE_PREFILL_DECODE", 2),
        ("assets/face.task!face.tflite", 1),
        ("x.tflite.gz", 2),
    ]


def test_no_deeper_than_anyone_packs(tmp_path: Path) -> None:
    data = zipped({"m.tflite": MODEL})
    for _ in range(5):
        data = zipped({"a.zip": data})
    assert "no model" in bad(tmp_path, "a.zip", data)


def test_bytes_tell_where_endings_dont(tmp_path: Path) -> None:
    files = {
        "a.lite": MODEL,
        "b.bin": OTHER,
        "c.tfl": MODEL,
        "d.bin": bytes(50),
        "e.lite": b"short",
        "f.txt": MODEL,
    }
    file = save(tmp_path / "a.zip", zipped(files))
    assert found(file) == [("a.lite", 1), ("b.bin", 2), ("c.tfl", 1)]
    for name, content in files.items():
        save(tmp_path / "folder" / name, content)
    folder = f"{tmp_path}/folder"
    assert names(find([folder])) == [f"{folder}/a.lite", f"{folder}/b.bin", f"{folder}/c.tfl"]


def test_one_member_is_named_by_what_it_is_called(tmp_path: Path) -> None:
    file = save(tmp_path / "app.apk", zipped(FILES))
    assert operators(find_one(f"{file}!assets/b/n.tflite")) == 2
    assert names(find([f"{file}!assets"])) == [f"{file}!assets/b/n.tflite", f"{file}!assets/m.tflite"]
    with pytest.raises(ModelError, match=r"is not in the archive; it has assets/b/n\.tflite, assets"):
        find_one(f"{file}!m.tflite")
    with pytest.raises(UsageError, match=r"an archive of 2 models; name one of them, like .*app\.apk!assets"):
        find_one(os.fspath(file))


def test_an_exclamation_mark_in_a_path_is_one(tmp_path: Path) -> None:
    file = save(tmp_path / "so!/m!.tflite", MODEL)
    assert names(find([os.fspath(file)])) == [str(file)]
    packed = save(tmp_path / "so!/a!.zip", zipped(FILES))
    assert operators(find_one(f"{packed}!assets/m.tflite")) == 1


def test_archives_in_folders(tmp_path: Path) -> None:
    save(tmp_path / "in/app.apk", zipped(FILES))
    save(tmp_path / "in/docs.zip", zipped({"readme.md": b"# Nothing"}))
    save(tmp_path / "in/m.tflite", MODEL)
    done = run("audit", tmp_path / "in", "-d", "coreml", "--fail-on", "never", "--format", "json")
    assert (done.code, done.err) == (0, "")
    folder = f"{tmp_path}/in"
    assert [model["path"] for model in done.json["models"]] == [
        f"{folder}/app.apk!assets/b/n.tflite",
        f"{folder}/app.apk!assets/m.tflite",
        f"{folder}/m.tflite",
    ]


def test_every_command_takes_a_member(tmp_path: Path) -> None:
    file = save(tmp_path / "app.apk", zipped(FILES))
    member = f"{file}!assets/m.tflite"
    assert run("inspect", member).code == 0
    assert run("compare", member, f"{file}!assets/b/n.tflite", "-d", "coreml").code == 0
    assert run("fix", member, "-d", "coreml", "--dry-run").code == 0
    assert run("recommend", member, "--for", "ios").code == 0
    assert analyzer.read(member).path == member
    apart = run(
        "audit", file, file, "-j", "2", "-d", "coreml", "--fail-on", "never", "--hash", "--format", "json"
    )
    digests = [model["sha256"] for model in apart.json["models"]]
    assert digests[:2] == digests[2:] and None not in digests


def test_nothing_is_written(tmp_path: Path) -> None:
    file = save(tmp_path / "app.apk", zipped(FILES))
    with (
        mock.patch("tempfile.TemporaryDirectory", side_effect=AssertionError),
        mock.patch("tempfile.mkstemp", side_effect=AssertionError),
    ):
        assert [count for _, count in found(file)] == [2, 1]
    assert sorted(tmp_path.iterdir()) == [file]


def test_links_in_a_folder_are_followed(tmp_path: Path) -> None:
    """As in stores that name files by their contents."""
    blob = save(tmp_path / "blobs/3f786850e387", MODEL)
    snapshot = tmp_path / "snapshots/1"
    snapshot.mkdir(parents=True)
    (snapshot / "m.tflite").symlink_to(blob)
    (snapshot / "round.tflite").symlink_to(snapshot / "round.tflite")
    (snapshot / "gone.tflite").symlink_to(tmp_path / "nothing")
    (snapshot / "self").symlink_to(snapshot)
    sources = {source.name.rpartition("/")[2]: source for source in find([os.fspath(snapshot)])}
    assert set(sources) == {"m.tflite", "round.tflite", "gone.tflite"}
    assert operators(sources["m.tflite"]) == 1
    for name in ("round.tflite", "gone.tflite"):
        assert sources[name].problem is not None


# What is wrong with archives

BOMB = bytes(3 << 20)


def bad(tmp_path: Path, name: str, content: bytes) -> str:
    """The line on an archive, of which nothing else is said."""
    done = run("audit", save(tmp_path / name, content), "-d", "coreml", "--fail-on", "never")
    assert done.code == 2
    return done.complaint.removeprefix(f"{tmp_path}/")


def encrypted(content: bytes) -> bytes:
    """The same with every member's flag for encryption set."""
    changed = bytearray(content)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = changed.find(magic)
        while start >= 0:
            changed[start + at] |= 1
            start = changed.find(magic, start + 1)
    return bytes(changed)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_SUSPECT", 1 << 20)
    for name, content in (
        ("a.zip", zipped({"m.tflite": BOMB})),
        ("b.tflite.gz", gzipped(MODEL + BOMB)),
        ("c.tar.gz", tarred({"x": BOMB, "m.tflite": MODEL})),
        ("d.zip", zipped({"in.zip": zipped({"m.tflite": BOMB})})),
    ):
        assert "made to fill memory; leave it alone" in bad(tmp_path, name, content)


def test_a_size_that_is_a_lie(tmp_path: Path) -> None:
    data = bytearray(zipped({"m.tflite": OTHER}))
    place = data.find(b"PK\x01\x02")
    struct.pack_into("<I", data, place + 24, 10)
    assert "can't be unpacked (Bad CRC-32" in bad(tmp_path, "a.zip", bytes(data))


@pytest.mark.parametrize(
    "name", ["../m.tflite", "/etc/m.tflite", "..\\m.tflite", "C:\\m.tflite", "a/../../m.tflite"]
)
def test_a_name_that_leads_out(tmp_path: Path, name: str) -> None:
    assert "has a name that leads out of the archive" in bad(
        tmp_path, "a.tar", tarred({name: MODEL}, packed=False)
    )
    assert "has a name that leads out of the archive" in bad(tmp_path, "a.zip", zipped({name: MODEL}))


def test_an_encrypted_member(tmp_path: Path) -> None:
    line = bad(tmp_path, "a.zip", encrypted(zipped({"m.tflite": MODEL})))
    assert line == "a.zip!m.tflite: is encrypted; unpack it with its password and name the file"


@pytest.mark.parametrize("kind", ["a.zip", "a.tar.gz", "a.tar", "a.tflite.gz", "a.litertlm"])
def test_archives_that_end_too_early(tmp_path: Path, kind: str) -> None:
    noise = random.Random(0).randbytes(4000)
    model = OTHER + noise
    whole = {
        "a.zip": zipped({"m.tflite": model}),
        "a.tar.gz": tarred({"m.tflite": model}),
        "a.tar": tarred({"m.tflite": model}, packed=False),
        "a.tflite.gz": gzipped(model),
        "a.litertlm": bundle([("m", model)]),
    }[kind]
    whole = whole.rstrip(b"\0")
    for share in (0.2, 0.5, 0.9):
        line = bad(tmp_path, kind, whole[: int(len(whole) * share)])
        assert "\n" not in line and "; " in line


def test_a_damaged_member_leaves_the_others(tmp_path: Path) -> None:
    data = bytearray(zipped(FILES))
    data[60] ^= 0xFF
    done = run(
        "audit",
        save(tmp_path / "a.apk", bytes(data)),
        "-d",
        "coreml",
        "--fail-on",
        "never",
        "--format",
        "json",
    )
    assert done.code == 2
    assert [model["error"] is None for model in done.json["models"]] == [True, False]


def test_twice_the_same_name(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("m.tflite", MODEL)
        archive.writestr("m.tflite", OTHER)
    assert [count for _, count in found(file)] == [1, 2]


def test_an_archive_of_something_else_says_how_to_convert_it(tmp_path: Path) -> None:
    for name, content, words in (
        ("m.keras", zipped({"config.json": b"{}", "model.weights.h5": b"x"}), "from_keras_model"),
        ("m.pt", zipped({"m/data.pkl": b"x", "m/data/0": b"y"}), "litert_torch.convert"),
        ("m.zip", zipped({"m/saved_model.pb": b"x", "m/variables/a": b"y"}), "from_saved_model"),
        ("m.zip", zipped({"readme": b"x"}), "no model (.tflite) in this archive"),
        ("m.onnx", b"\x08\x08\x12\x07pytorch", "onnx2tf"),
        ("m.mlmodel", b"\x08\x05\x12\x07abcdefg", "a Core ML model"),
        ("m.gguf", b"GGUF\x03\0\0\0" + bytes(20), "llama.cpp"),
        ("m.safetensors", struct.pack("<Q", 20) + b'{"a":{"dtype":"F32"}}', "weights alone"),
        ("m.pth", b"\x80\x02}q\x00.", "litert_torch.convert"),
    ):
        assert words in bad(tmp_path, name, content)


def test_a_saved_model_s_folder_says_how_to_convert_it(tmp_path: Path) -> None:
    save(tmp_path / "saved/saved_model.pb", b"\x08\x01\x12")
    assert "from_saved_model" in run("audit", tmp_path / "saved").complaint


def test_too_many_models(tmp_path: Path) -> None:
    with mock.patch.object(archives, "_MOST", 3):
        many = zipped({f"{number}.tflite": MODEL for number in range(5)})
        assert "holds more than 3 models" in bad(tmp_path, "a.zip", many)


@given(
    st.binary(max_size=300),
    st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08\0", b"LITERTLM", bytes(257) + b"ustar"]),
)
def test_any_bytes_are_a_list_or_an_error(data: bytes, magic: bytes) -> None:
    try:
        archives.members(io.BytesIO(magic + data))
    except ArchiveError as error:
        assert all(error.problem)


@given(st.integers(0, 500), st.integers(0, 255))
def test_a_bundle_that_lies_is_damaged_or_read(place: int, byte: int) -> None:
    data = bytearray(bundle([("m", MODEL)])[:520])
    data[place] = byte
    header = bytes(data[32:])
    try:
        sections = litertlm.sections(header, 1 << 20)
    except litertlm.BadBundle:
        return
    assert all(0 < section.begin <= section.end <= 1 << 20 for section in sections)
