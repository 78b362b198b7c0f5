"""Damaged program and model files, without end: each is refused with one clear error, or it is the file that was saved.

    python -m tests.walks.damaged_files --files 20000 --seed 1

Three kinds of damage: bytes of the file (which its checksums notice), the contents of a part under a checksum that is
right again, and the directory of the archive.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import autograd
import nn
from autograd import FileFormatError, Value, load_program
from autograd.program.interpreter import interpret
from autograd.program.passes.adjoint import with_gradient
from autograd.program.program import Program
from autograd.program.reading import program_from
from nn.saving import describe
from tests.walks.tally import Tally

Parts = list[tuple[str, bytes]]


class Kind(NamedTuple):
    """What is saved: its bytes, how they are read, and what makes sure that what was read can be used."""

    name: str
    whole: bytes
    read: Callable[[Any], Any]
    used: Callable[[Any], Any]  # → what two that are the same agree in


def saved(thing: Any) -> bytes:
    file = io.BytesIO()
    thing.save(file)
    return file.getvalue()


def program_used(program: Any) -> Any:
    interpret(program, [0.5] * len(program.inputs))
    return str(program)


def model_used(model: Any) -> Any:
    model.predict(np.full((2, model.inputs), 0.5))
    description, vectors = describe(model)
    return json.dumps(description), {name: vector.tobytes() for name, vector in vectors.items()}


def kinds() -> list[Kind]:
    """A program with every kind of instruction, and a model with every kind of state."""
    x, y = Value(0.5, name="x"), Value(-1.25, name="w[0]")
    z = autograd.dot([x, y, 2.0], [y, x, y], -0.5)
    root = autograd.tanh(z) * autograd.where(autograd.greater(x, 0), y**2, 1 / y) + autograd.softmax([x, y, z])[1]
    program = Program.of(with_gradient(program_from([root], [x, y]), [0, 1]))
    model = nn.MLP(2, [3, 2, 1], ["prelu", nn.RReLU(seed=1), "linear"], seed=0)
    inputs = np.random.default_rng(0).normal(size=(8, 2))
    model.fit(inputs, inputs.sum(1), optimiser=nn.Adam(model.parameters(), nn.Warmup(2, 0.1)), epochs=2, progress=False)
    return [
        Kind("program", saved(program), load_program, program_used),
        Kind("model", saved(model), nn.load, model_used),
    ]


# -- the damage -------------------------------------------------------------------------------------


def of_bytes(whole: bytes, dice: random.Random) -> bytes:
    """Bits flipped, bytes cut out, put in or written over, the end cut off or added to."""
    content = bytearray(whole)
    for _ in range(dice.choice((1, 1, 2, 5))):
        at, length = dice.randrange(len(content) + 1), dice.choice((0, 1, 2, 8, 100))
        new = dice.choice(
            (b"", dice.randbytes(length), bytes(length), content[: dice.randrange(len(content) + 1)][:100])
        )
        content[at : at + dice.choice((0, length))] = new
    if dice.random() < 0.5 and content:
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    return bytes(content)


def of_parts(whole: bytes, dice: random.Random) -> bytes:
    """Parts with other contents, names or none, packed again with the right checksums."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    for _ in range(dice.choice((1, 1, 2))):
        if not parts:
            break
        at = dice.randrange(len(parts))
        parts[at : at + 1] = dice.choice((emptied, renamed, twice, without_part, header, data, described))(
            *parts[at], dice
        )
    file = io.BytesIO()
    with zipfile.ZipFile(
        file, "w", dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    ) as archive:
        for name, content in parts:
            with warnings.catch_warnings(action="ignore"):  # of a name that is there twice
                archive.writestr(zipfile.ZipInfo(name), content, archive.compression)
    return file.getvalue()


def emptied(name: str, content: bytes, dice: random.Random) -> Parts:
    return [(name, content[: dice.choice((0, 6, 10, 64, 128, len(content) // 2))])]


def renamed(name: str, content: bytes, dice: random.Random) -> Parts:
    return [(dice.choice(("", "x.npy", "../" + name, name.upper(), name + "\0", name[:-4], "a" * 60000)), content)]


def twice(name: str, content: bytes, dice: random.Random) -> Parts:
    return [(name, content), (dice.choice((name, "more.npy")), content)]


def without_part(name: str, content: bytes, dice: random.Random) -> Parts:
    return []


def header(name: str, content: bytes, dice: random.Random) -> Parts:
    """What NumPy writes before the data, said otherwise."""
    says = content[10:128]
    other = dice.choice((
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }", b"{'descr'", b"{'descr': ',,,'}",
        says.replace(b"False", b"True"), says.replace(b"<f8", b"|O"), says.replace(b"<", b">"), b"(" * 100,
        says.replace(b"(", b"(2, "), says.replace(b"shape", b"shapf"), says.replace(b",)", b"e9,)"), b"{1: 2, 'a': 3}",
        says.replace(b"(", b"(True,"), says.replace(b"'<i4'", b"('<i4',)"), dice.randbytes(118),
    ))[:117]  # fmt: skip
    return [(name, content[:10] + other.ljust(117) + b"\n" + content[128:])]


def data(name: str, content: bytes, dice: random.Random) -> Parts:
    """Some of the numbers others."""
    changed = bytearray(content)
    for _ in range(dice.choice((1, 3, 20))):
        if len(changed) > 128:
            at = dice.randrange(128, len(changed), 4)
            changed[at : at + 4] = dice.choice(
                (bytes(4), b"\xff" * 4, b"\xff\xff\xff\x7f", b"\1\0\0\0", dice.randbytes(4))
            )
    return [(name, bytes(changed[: len(content)]))]


def described(name: str, content: bytes, dice: random.Random) -> Parts:
    """A description with one of its values another."""
    try:
        text = content[128:].decode("utf-32-le").rstrip("\0")
        description = json.loads(text)
    except (ValueError, RecursionError):  # damaged already
        return data(name, content, dice)
    changed = json.dumps(with_another(description, dice))
    changed = dice.choice(
        (changed, changed, changed, "[" * 5000, changed[:-1], changed.replace(":", ":" + "9" * 5000, 1))
    )
    file = io.BytesIO()
    np.save(file, np.array(changed))
    return [(name, file.getvalue())]


def with_another(thing: Any, dice: random.Random) -> Any:
    """Plain data with something in it replaced, left out or repeated."""
    if isinstance(thing, dict) and thing and dice.random() < 0.9:
        key = dice.choice(sorted(thing))
        if dice.random() < 0.15:
            return {k: v for k, v in thing.items() if k != key}
        return {**thing, key: with_another(thing[key], dice)}
    if isinstance(thing, list) and thing and dice.random() < 0.9:
        at = dice.randrange(len(thing))
        if dice.random() < 0.2:
            return dice.choice((thing[:at] + thing[at + 1 :], [*thing, thing[at]], thing * 3))
        return [*thing[:at], with_another(thing[at], dice), *thing[at + 1 :]]
    others = (
        None,
        True,
        0,
        -1,
        1,
        2,
        10**9,
        10**30,
        0.5,
        float("nan"),
        float("inf"),
        "",
        "relu",
        "tanh",
        [],
        {},
        [[]],
        thing,
    )
    return dice.choice(others)


def of_directory(whole: bytes, dice: random.Random) -> bytes:
    """The archive's directory, or what stands before a part, with other numbers in it."""
    content = bytearray(whole)
    marks = [i for i in range(len(content) - 4) if content[i : i + 4] in (b"PK\1\2", b"PK\3\4", b"PK\5\6")]
    for _ in range(dice.choice((1, 2))):
        at = dice.choice(marks) + dice.randrange(4, 46)
        length = dice.choice((1, 2, 4))
        content[at : at + length] = dice.choice((bytes(length), b"\xff" * length, dice.randbytes(length)))
    return bytes(content[: len(whole)])


DAMAGES = (of_bytes, of_parts, of_parts, of_directory)


# -- the walk ---------------------------------------------------------------------------------------


class Verdict(NamedTuple):
    """What came of a damaged file; `wrong` says why that is a mistake, or nothing."""

    what: str
    wrong: str = ""


def verdict(kind: Kind, damage: Callable[..., bytes], content: bytes, usual: Any) -> Verdict:
    began = time.process_time()
    try:
        found = kind.read(io.BytesIO(content))
    except FileFormatError as error:
        lasted = time.process_time() - began
        said = str(error)
        if len(said) > 500 or not said.isprintable():
            return Verdict("refused", f"said {said[:300]!r}")
        return Verdict("refused", "" if lasted < 2 else f"took {lasted:.1f} s")
    except Exception as error:
        return Verdict("raised", f"{type(error).__name__}: {error}")
    try:
        same = kind.used(found) == usual
    except Exception as error:
        return Verdict("read", f"cannot be used: {type(error).__name__}: {error}")
    if not same and damage is of_bytes:
        return Verdict("read", "is another than was saved")
    return Verdict("read as it was" if same else "read as another that says so")


def walk(files: int, seed: int) -> Iterator[tuple[Kind, str, int, Verdict]]:
    """Damage `files` files of each kind; what each was, how it was damaged, and what came of it."""
    for kind in kinds():
        usual = kind.used(kind.read(io.BytesIO(kind.whole)))
        for i in range(files):
            dice = random.Random(f"{kind.name} {seed} {i}")
            damage = dice.choice(DAMAGES)
            yield kind, damage.__name__, i, verdict(kind, damage, damage(kind.whole, dice), usual)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally = Tally()
    for kind, damage, i, found in walk(options.files, options.seed):
        tally.count[f"{kind.name}: {found.what}"] += 1
        if found.wrong:
            tally.mistake(f"{kind.name} {i}, {damage}: {found.wrong}")
    return tally.told("files")


if __name__ == "__main__":
    sys.exit(main())
