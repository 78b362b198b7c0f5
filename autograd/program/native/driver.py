"""The loop over a tape, and two loops that help to write one: in LLVM's language, as they stand."""

from __future__ import annotations

from functools import cache

from autograd.program.native import entrance
from autograd.program.native.entrance import COUNT, POINTER
from autograd.program.native.machine import Library

LANES = 8
VECTOR = f"<{LANES} x double>"

ONCE, CHUNK = (POINTER,) * 5, (*(POINTER,) * 8, *(COUNT,) * 3)  # the arguments of `once` and `chunk`, see below

# The words of the context that a handler is given: sizes, and pointers to where a block's samples are.
CONTEXT = ("uniform", "blocks", "columns", "outputs", "valid", "row", "out", "sums")

# `once` runs the tape once; `bound` reads the inputs of a single sample before; `chunk` runs the tape for every
# block of samples, the last with no more vectors than it fills, and adds the lanes of the sums.
_RUN = """
define void @once(ptr %r, ptr %tape, ptr %end, ptr %table, ptr %context) {{
entry:
  br label %head
head:
  %p = phi ptr [ %tape, %entry ], [ %next, %run ]
  %more = icmp ult ptr %p, %end
  br i1 %more, label %run, label %done
run:
  %operation = load i32, ptr %p
  %index = zext i32 %operation to i64
  %entryof = getelementptr ptr, ptr %table, i64 %index
  %handler = load ptr, ptr %entryof
  %c = getelementptr i32, ptr %p, i64 1
  %start = getelementptr i32, ptr %p, i64 2
  %next = call ptr %handler(ptr %r, ptr %c, ptr %start, ptr %context)
  br label %head
done:
  ret void
}}

define void @bound(ptr %r, ptr %tape, ptr %end, ptr %table, ptr %context, ptr %fixed, ptr %given, ptr %batch, \
ptr %columns) {{
  %fixedbytes = ptrtoint ptr %given to i64
  %batchbytes = ptrtoint ptr %columns to i64
  call void @llvm.memcpy.p0.p0.i64(ptr %r, ptr %fixed, i64 %fixedbytes, i1 false)
  %after = getelementptr i8, ptr %r, i64 %fixedbytes
  call void @llvm.memcpy.p0.p0.i64(ptr %after, ptr %batch, i64 %batchbytes, i1 false)
  call void @once(ptr %r, ptr %tape, ptr %end, ptr %table, ptr %context)
  ret void
}}

define void @chunk(ptr %r, ptr %tape, ptr %end, ptr %table, ptr %context, ptr %batch, ptr %each, ptr %partial, \
i64 %count, i64 %first, i64 %last) {{
entry:
  %sumsat = getelementptr i64, ptr %context, i64 {sums}
  %sums = load ptr, ptr %sumsat
  %bytes = mul i64 %count, {bytes}
  call void @llvm.memset.p0.i64(ptr %sums, i8 0, i64 %bytes, i1 false)
  %blocksat = getelementptr i64, ptr %context, i64 {blocks}
  %blocks = load i64, ptr %blocksat
  %block = mul i64 %blocks, {lanes}
  %columnsat = getelementptr i64, ptr %context, i64 {columns}
  %columns = load i64, ptr %columnsat
  %outputsat = getelementptr i64, ptr %context, i64 {outputs}
  %outputs = load i64, ptr %outputsat
  %rowat = getelementptr i64, ptr %context, i64 {row}
  %outat = getelementptr i64, ptr %context, i64 {out}
  %validat = getelementptr i64, ptr %context, i64 {valid}
  br label %head
head:
  %s = phi i64 [ %first, %entry ], [ %s1, %body ]
  %left = sub i64 %last, %s
  %more = icmp sgt i64 %left, 0
  br i1 %more, label %body, label %add
body:
  %in = mul i64 %s, %columns
  %row = getelementptr double, ptr %batch, i64 %in
  store ptr %row, ptr %rowat
  %on = mul i64 %s, %outputs
  %out = getelementptr double, ptr %each, i64 %on
  store ptr %out, ptr %outat
  store i64 %left, ptr %validat
  %filled = add i64 %left, {above}
  %needed = udiv i64 %filled, {lanes}
  %now = call i64 @llvm.umin.i64(i64 %blocks, i64 %needed)
  store i64 %now, ptr %blocksat
  call void @once(ptr %r, ptr %tape, ptr %end, ptr %table, ptr %context)
  %s1 = add i64 %s, %block
  br label %head
add:
  %j = phi i64 [ 0, %head ], [ %j1, %added ]
  %again = icmp slt i64 %j, %count
  br i1 %again, label %added, label %done
added:
  %at = getelementptr {vector}, ptr %sums, i64 %j
  %v = load {vector}, ptr %at, align 64
  %result = call double @llvm.vector.reduce.fadd.v{lanes}f64(double 0.0, {vector} %v)
  %place = getelementptr double, ptr %partial, i64 %j
  store double %result, ptr %place
  %j1 = add i64 %j, 1
  br label %add
done:
  store i64 %blocks, ptr %blocksat
  ret void
}}

declare i64 @llvm.umin.i64(i64, i64)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare double @llvm.vector.reduce.fadd.v{lanes}f64(double, {vector})
"""

# `levels`: how many instructions of its own window an instruction has to wait for, one after the other.
# `places`: a register for every result, the one that was last given back first.
_WRITE = """define void @levels(i64 %n, i64 %first, i64 %window, ptr %starts, ptr %operands, ptr %levels) {
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %i1, %done ]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %line, label %end
line:
  %w = udiv i64 %i, %window
  %w1 = mul i64 %w, %window
  %from = add i64 %w1, %first
  %sat = getelementptr i64, ptr %starts, i64 %i
  %s = load i64, ptr %sat
  %i1 = add i64 %i, 1
  %eat = getelementptr i64, ptr %starts, i64 %i1
  %e = load i64, ptr %eat
  br label %operand
operand:
  %k = phi i64 [ %s, %line ], [ %k1, %next ]
  %level = phi i32 [ 0, %line ], [ %level1, %next ]
  %another = icmp slt i64 %k, %e
  br i1 %another, label %look, label %done
look:
  %oat = getelementptr i32, ptr %operands, i64 %k
  %o32 = load i32, ptr %oat
  %o = zext i32 %o32 to i64
  %inside = icmp sge i64 %o, %from
  br i1 %inside, label %compare, label %next
compare:
  %j = sub i64 %o, %first
  %lat = getelementptr i32, ptr %levels, i64 %j
  %l = load i32, ptr %lat
  %l1 = add i32 %l, 1
  %higher = call i32 @llvm.smax.i32(i32 %level, i32 %l1)
  br label %next
next:
  %level1 = phi i32 [ %level, %look ], [ %higher, %compare ]
  %k1 = add i64 %k, 1
  br label %operand
done:
  %at = getelementptr i32, ptr %levels, i64 %i
  store i32 %level, ptr %at
  br label %head
end:
  ret void
}

declare i32 @llvm.smax.i32(i32, i32)

define i64 @places(i64 %n, ptr %starts, ptr %operands, ptr %results, ptr %last, ptr %place, ptr %free, i64 %used) {
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %i1, %placed ]
  %top = phi i64 [ 0, %entry ], [ %top3, %placed ]
  %next = phi i64 [ %used, %entry ], [ %next2, %placed ]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %line, label %end
line:
  %sat = getelementptr i64, ptr %starts, i64 %i
  %s = load i64, ptr %sat
  %i1 = add i64 %i, 1
  %eat = getelementptr i64, ptr %starts, i64 %i1
  %e = load i64, ptr %eat
  br label %operand
operand:
  %k = phi i64 [ %s, %line ], [ %k1, %freed ]
  %top1 = phi i64 [ %top, %line ], [ %top2, %freed ]
  %another = icmp slt i64 %k, %e
  br i1 %another, label %look, label %result
look:
  %oat = getelementptr i32, ptr %operands, i64 %k
  %o32 = load i32, ptr %oat
  %o = zext i32 %o32 to i64
  %lat = getelementptr i64, ptr %last, i64 %o
  %l = load i64, ptr %lat
  %ends = icmp eq i64 %l, %i
  br i1 %ends, label %release, label %freed
release:
  store i64 -1, ptr %lat
  %pat = getelementptr i32, ptr %place, i64 %o
  %p = load i32, ptr %pat
  %fat = getelementptr i32, ptr %free, i64 %top1
  store i32 %p, ptr %fat
  %pushed = add i64 %top1, 1
  br label %freed
freed:
  %top2 = phi i64 [ %top1, %look ], [ %pushed, %release ]
  %k1 = add i64 %k, 1
  br label %operand
result:
  %rat = getelementptr i32, ptr %results, i64 %i
  %res = load i32, ptr %rat
  %hasresult = icmp sge i32 %res, 0
  br i1 %hasresult, label %allot, label %placed
allot:
  %any = icmp sgt i64 %top1, 0
  %below = sub i64 %top1, 1
  br i1 %any, label %reuse, label %fresh
reuse:
  %tat = getelementptr i32, ptr %free, i64 %below
  %old = load i32, ptr %tat
  br label %give
fresh:
  %new = trunc i64 %next to i32
  %next1 = add i64 %next, 1
  br label %give
give:
  %q = phi i32 [ %old, %reuse ], [ %new, %fresh ]
  %topg = phi i64 [ %below, %reuse ], [ %top1, %fresh ]
  %nextg = phi i64 [ %next, %reuse ], [ %next1, %fresh ]
  %res64 = zext i32 %res to i64
  %gat = getelementptr i32, ptr %place, i64 %res64
  store i32 %q, ptr %gat
  br label %placed
placed:
  %top3 = phi i64 [ %top1, %result ], [ %topg, %give ]
  %next2 = phi i64 [ %next, %result ], [ %nextg, %give ]
  br label %head
end:
  ret i64 %next
}
"""


@cache
def driver() -> Library:
    """`once`, `bound` and `chunk` run a tape; `levels` and `places` help to write one."""
    words = {name: CONTEXT.index(name) for name in CONTEXT}
    run = _RUN.format(vector=VECTOR, lanes=LANES, above=LANES - 1, bytes=8 * LANES, **words)
    entrances = [entrance.released("once", *ONCE), entrance.released("chunk", *CHUNK), entrance.method("bound", 9)]
    return Library("\n".join([_WRITE, run, *entrances, entrance.declarations()]))
