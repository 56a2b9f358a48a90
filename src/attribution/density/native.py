"""Machine code of lowered functions, in the form that NUTS calls it from many threads."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from attribution.density.body import POINTER, SCIPY
from attribution.density.elementary import DOUBLE, INT, number, whole
from attribution.density.emit import Emitter, Table
from attribution.density.plan import Output, Plan
from attribution.density.store import Shelf, key

CODE = Shelf("code", 200)
BYTES = 8
FEW_POINTS = 8
"""Points up to which Python's lock is kept: beside another thread that runs Python, to get it back
takes longer than what it was let go for."""

NOT_FINITE_GRADIENT, NOT_FINITE_VALUE = 3, 4


@dataclass(frozen=True)
class Program:
    """The code of a function of a point, and the numbers that it reads.

    Parameters
    ----------
    code
        Written for LLVM.
    table
        What it reads.
    memory
        Numbers that it keeps while it computes.
    dim
        Length of the point.
    length
        Numbers that its outputs take.
    """

    code: str
    table: Table
    memory: int
    dim: int
    length: int


def write_program(outputs: Sequence[Output], dim: int, length: int) -> Program:
    """Write the code of a function of a point.

    Parameters
    ----------
    outputs
        Arrays and where they go; a scalar that goes to place -1 is the function's value.
    dim
        Length of the point.
    length
        Numbers that the outputs take.
    """
    has_value = any(output.start < 0 for output in outputs)
    plan = Plan(outputs)
    module = ir.Module("attribution")
    emitter = Emitter(module, "compute", plan)
    table = emitter.write()
    _write_entry(module, emitter.function, has_value=has_value)
    return Program(str(module), table, plan.size, dim, length)


class NativeFunction:
    """A function of a point, compiled.

    Parameters
    ----------
    program
        What it computes.
    threads
        Threads that may call at once; each has memory of its own.
    """

    def __init__(self, program: Program, threads: int) -> None:
        self.code, self.dim, self.length = program.code, program.dim, program.length
        self.threads = threads
        self._engine = compile_code(program.code)
        self.address = self._engine.get_function_address("entry")
        self._bind(program.table, program.memory, threads)

    def _bind(self, table: Table, size: int, threads: int) -> None:
        stride = size + 64
        flags = np.zeros(threads * 8, dtype=np.int64)  # a cache line each
        memory = np.empty(threads * stride)
        integers = np.array([*table.integers, 0], dtype=np.int64)
        numbers = np.array([*table.numbers, 0.0])
        places = np.array([a.ctypes.data for a in table.arrays] + [0], dtype=np.int64)
        header = (
            *(threads, flags.ctypes.data, memory.ctypes.data, stride),
            *(integers.ctypes.data, numbers.ctypes.data, places.ctypes.data),
        )
        self.user = np.array(header, dtype=np.int64)
        self._kept = (flags, memory, integers, numbers, places, table.arrays)

    def __call__(self, point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64], int]:
        """Return the value, the outputs and the code that a sampler would get (0: all finite)."""
        values, codes, outputs = self._at(point[None], keep=True)
        return float(values[0]), outputs[0], int(codes[0])

    def values(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value at each point, minus infinity where it or the outputs are not finite.

        Parameters
        ----------
        points
            Shape (point, dim).
        """
        values, codes, _ = self._at(points, keep=False)
        return np.where(codes == 0, values, -np.inf)

    def values_and_outputs(
        self, points: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what :meth:`values` and :meth:`outputs` do, from one call of each point."""
        values, codes, outputs = self._at(points, keep=True)
        return np.where(codes == 0, values, -np.inf), outputs

    def outputs(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the outputs at each point; (point, dim) -> (point, length)."""
        return self._at(points, keep=True)[2]

    def _at(
        self, points: NDArray[np.float64], *, keep: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """Call at every point, from all threads; values, codes and, where kept, outputs."""
        points = np.ascontiguousarray(points, dtype=np.float64)
        count = len(points)
        if points.shape != (count, self.dim):
            raise ValueError(f"points have {self.dim} numbers each, these have {points.shape[1:]}")
        values, codes = np.zeros(count), np.empty(count, dtype=np.int64)
        few = count <= FEW_POINTS
        threads = 1 if few else min(self.threads, os.process_cpu_count() or 1, count)
        outputs = np.empty((count if keep else threads, self.length))
        bounds = np.linspace(0, count, threads + 1).astype(int)
        entry = self._entry(ctypes.PYFUNCTYPE if few else ctypes.CFUNCTYPE)

        def some(thread: int) -> None:
            first, last = bounds[thread], bounds[thread + 1]
            out = outputs[first if keep else thread :]
            where = (points[first:last], out, values[first:last], codes[first:last], self.user)
            stride = self.length if keep else 0
            entry(last - first, self.dim, self.length, stride, *(a.ctypes.data for a in where))

        if threads == 1:
            some(0)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(some, range(threads)))
        return values, codes, outputs

    def _entry(self, calls: Any) -> Any:
        kind = calls(None, *[ctypes.c_int64] * 4, *[ctypes.c_void_p] * 5)
        return kind(self._engine.get_function_address("entry_many"))


@cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for name in SCIPY:
        llvm.add_symbol(f"attribution.{name}", _scipy_address(name))
    return _new_machine()


def _scipy_address(name: str) -> int:
    """Return the address of SciPy's compiled function of doubles."""
    from scipy.special import cython_special

    capsules = cython_special.__pyx_capi__
    for own in (name, f"__pyx_fuse_0{name}", f"__pyx_fuse_1{name}"):
        if own in capsules and str(capsules[own]).startswith('<capsule object "double (double'):
            get_name = ctypes.pythonapi.PyCapsule_GetName
            get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
            get = ctypes.pythonapi.PyCapsule_GetPointer
            get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
            return int(get(capsules[own], get_name(capsules[own])))
    raise LookupError(f"SciPy has no compiled {name} of doubles")


@lru_cache(maxsize=32)
def compile_code(code: str) -> Any:
    """Return an engine with the machine code of a module; the same one for the same code."""
    machine = _target()
    module = llvm.parse_assembly(code)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    name = key(code, *_made_by())
    piece = CODE.find(name)
    if piece is None:
        options = llvm.create_pipeline_tuning_options(speed_level=3)
        options.loop_vectorization = True
        builder = llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, _new_machine())
    engine.set_object_cache(lambda _module, made: CODE.keep(name, made), lambda _module: piece)
    engine.finalize_object()
    return engine


def _made_by() -> tuple[str, ...]:
    """Return what the machine code of the same module depends on."""
    version = ".".join(map(str, llvm.llvm_version_info))
    return version, llvm.get_default_triple(), llvm.get_host_cpu_name(), _features()


def _features() -> str:
    """Return what the processor can do, and what of it is better not done.

    Instructions that gather elements are slow on many of Intel's processors since their microcode
    was mended (gather data sampling, 2023); single loads are nowhere much slower. Vectors of 512
    bits, where there are such, pay for functions as long as log-gamma.
    """
    features: str = llvm.get_host_cpu_features().flatten()
    if llvm.get_default_triple().startswith("x86_64"):
        features += ",+prefer-no-gather,-prefer-256-bit"
    return features


def _new_machine() -> Any:
    """Return a target machine; an engine owns its own."""
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=_features(),
        opt=3,
        jit=True,
    )


def _write_entry(module: ir.Module, compute: ir.Function, *, has_value: bool) -> None:
    """Write the functions that are called from outside.

    ``entry_all(dim, length, x, out, value, user)`` takes memory, computes, and says whether all
    is finite. ``entry`` is the same with the parameters that a sampler hands over: without the
    length for a density, without the value for other functions. ``entry_many(count, dim, length,
    stride, x, out, values, codes, user)`` does it for several points, outputs ``stride`` numbers
    apart.
    """
    all_kind = ir.FunctionType(INT, [INT, INT, *[POINTER] * 4])
    everything = ir.Function(module, all_kind, "entry_all")
    dim, length, x, out, value, user = everything.args
    b = ir.IRBuilder(everything.append_basic_block("entry"))
    threads, flags, memory, stride = (_word(b, user, k) for k in range(4))
    slot, flag = _take_slot(b, threads, b.inttoptr(flags, POINTER))
    start = b.mul(b.mul(slot, stride), whole(BYTES))
    mine = b.inttoptr(b.add(memory, start), POINTER)
    table = b.gep(user, [whole(4)], source_etype=INT)
    b.call(compute, [x, out, value, mine, table])
    b.atomic_rmw("xchg", flag, whole(0), "release")
    b.ret(_check_finite(b, out, length, value if has_value else None))

    _write_many(module, everything)
    kind = [INT, POINTER, POINTER, POINTER, POINTER] if has_value else [INT, INT, *[POINTER] * 3]
    entry = ir.Function(module, ir.FunctionType(INT, kind), "entry")
    b = ir.IRBuilder(entry.append_basic_block("entry"))
    if has_value:
        dim, x, out, value, user = entry.args
        b.ret(b.call(everything, [dim, dim, x, out, value, user]))
    else:
        dim, length, x, out, user = entry.args
        nowhere = ir.Constant(POINTER, None)
        b.ret(b.call(everything, [dim, length, x, out, nowhere, user]))


def _write_many(module: ir.Module, everything: ir.Function) -> None:
    kind = ir.FunctionType(ir.VoidType(), [*[INT] * 4, *[POINTER] * 5])
    function = ir.Function(module, kind, "entry_many")
    count, dim, length, stride, x, out, values, codes, user = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    before = b.block
    each, done = b.append_basic_block("each"), b.append_basic_block("done")
    b.cbranch(b.icmp_signed(">", count, whole(0)), each, done)
    b.position_at_end(each)
    k = b.phi(INT)
    k.add_incoming(whole(0), before)
    here = b.gep(x, [b.mul(k, dim)], source_etype=DOUBLE)
    to = b.gep(out, [b.mul(k, stride)], source_etype=DOUBLE)
    value = b.gep(values, [k], source_etype=DOUBLE)
    code = b.call(everything, [dim, length, here, to, value, user])
    b.store(code, b.gep(codes, [k], source_etype=INT))
    following = b.add(k, whole(1))
    k.add_incoming(following, each)
    b.cbranch(b.icmp_signed("<", following, count), each, done)
    b.position_at_end(done)
    b.ret_void()


def _word(b: ir.IRBuilder, user: Any, k: int) -> Any:
    return b.load(b.gep(user, [whole(k)], source_etype=INT), typ=INT)


def _take_slot(b: ir.IRBuilder, threads: Any, flags: Any) -> tuple[Any, Any]:
    """Write a loop that takes the first free memory; return its number and flag."""
    before = b.block
    search, found = b.append_basic_block("search"), b.append_basic_block("found")
    b.branch(search)
    b.position_at_end(search)
    slot = b.phi(INT)
    slot.add_incoming(whole(0), before)
    flag = b.gep(flags, [b.mul(slot, whole(8))], source_etype=INT)
    taken = b.cmpxchg(flag, whole(0), whole(1), "acq_rel", "monotonic")
    slot.add_incoming(b.urem(b.add(slot, whole(1)), threads), search)
    b.cbranch(b.extract_value(taken, 1), found, search)
    b.position_at_end(found)
    return slot, flag


def _check_finite(b: ir.IRBuilder, out: Any, length: Any, value: Any) -> Any:
    """Write a check that all is finite: 0 times a finite number is 0, else NaN."""
    before = b.block
    head, done = b.append_basic_block("check"), b.append_basic_block("checked")
    b.cbranch(b.icmp_signed(">", length, whole(0)), head, done)
    b.position_at_end(head)
    ix, total = b.phi(INT), b.phi(DOUBLE)
    ix.add_incoming(whole(0), before)
    total.add_incoming(number(0.0), before)
    element = b.load(b.gep(out, [ix], source_etype=DOUBLE), typ=DOUBLE)
    # Reordered, but not dropped: no flag says that NaN may be ignored.
    more = b.fadd(total, b.fmul(element, number(0.0)), flags=("reassoc",))
    following = b.add(ix, whole(1))
    ix.add_incoming(following, head)
    total.add_incoming(more, head)
    b.cbranch(b.icmp_signed("<", following, length), head, done)
    b.position_at_end(done)
    sum_of_all = b.phi(DOUBLE)
    sum_of_all.add_incoming(number(0.0), before)
    sum_of_all.add_incoming(more, head)
    bad = b.fcmp_unordered("uno", sum_of_all, sum_of_all)
    code = b.select(bad, whole(NOT_FINITE_GRADIENT), whole(0))
    if value is None:
        return code
    own = b.fmul(b.load(value, typ=DOUBLE), number(0.0))
    wrong = b.fcmp_unordered("uno", own, own)
    return b.select(wrong, whole(NOT_FINITE_VALUE), code)
