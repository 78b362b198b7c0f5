"""A process forked while another thread computes: the child computes too, and never waits for a thread it has not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import faulthandler, gc, os, random, signal, sys, threading, time
import numpy as np
from autograd import compile, digamma, dot, tanh

backend, what = sys.argv[1:]
X = np.random.default_rng(1).normal(size=(1200, 30))
W = X[:30] / 9

def layer(w, x):
    return sum(tanh(dot(list(row), list(x))) for row in w) + digamma(x[0] * x[0] + 20.0) * w[0][0]

def ready():
    return compile(layer, in_axes=(None, 0), reduce="sum", backend=backend, threads=2)

def small(k):
    return compile(lambda x: tanh(x[0] * k) * x[1], backend=backend)

shared, asked = ready(), [0]
expected = shared(W, X)

def compute():
    while True:
        asked[0] += 1
        if what == "calls":
            shared(W, X)
        elif what == "compiles":
            small(asked[0]).value_and_grad(np.ones(2))
        else:  # is for a long time inside what is recorded, with the lock of `slow` and without the collector
            slow._recordings.clear()
            slow.last = None
            slow(1.0)

inside = threading.Event()

def dawdle(x):
    if threading.current_thread() is not threading.main_thread() and not in_child:
        inside.set()
        time.sleep(0.02)
    return x * x

slow, in_child = compile(dawdle, backend=backend), False
thread = threading.Thread(target=compute, daemon=True)
thread.start()
dice = random.Random(what)
for k in range(20):
    time.sleep(dice.uniform(0, 0.02))
    if what == "records":
        inside.clear(), inside.wait(5)
    child = os.fork()
    if not child:
        in_child = True
        signal.alarm(200)  # ends a child that hangs
        faulthandler.dump_traceback_later(150)
        right = shared(W, X) == expected and abs(small(-1.0)(np.ones(2)) - np.tanh(-1.0)) < 1e-12 and slow(3.0) == 9.0
        os._exit(0 if right and gc.isenabled() else 1)
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(f"fork {k}: the child ended with status {status}")
os._exit(0 if asked[0] > 1 else 2)
"""


@pytest.mark.parametrize(
    ("backend", "what"),
    [("numpy", "calls"), ("llvm", "compiles"), ("interpreter", "records")],  # each its own locks
)
def test_twenty_forks_while_a_thread_is_busy(backend, what):
    command = [sys.executable, "-c", PROGRAM, backend, what]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stderr
