# SPDX-License-Identifier: Apache-2.0
"""System calls from inside a process of somebody else's: it is traced from its first instruction to the moment in which its system
call filter holds, and then makes the calls that it is told, by its own thread, under all its walls. For x86_64.

Sources: ptrace(2), <sys/user.h>; the kernel asks the filter after the tracer has had its say (seccomp(2), Linux 4.8).
"""
import ctypes
import errno
import os
import pathlib
import signal
import struct

TRACEME, GETREGS, SETREGS, SYSCALL, SETOPTIONS = 0, 12, 13, 24, 0x4200
TRACESYSGOOD, EXITKILL = 1, 1 << 20
SYSTEM_CALL_STOP = signal.SIGTRAP | 0x80
GETPID, PRCTL, SECCOMP = 39, 157, 317
SCRATCH = 16 * 1024  # below the stack pointer, past what a function may use there

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in (
        "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs").split()]


def ptrace(request, pid, address=None, data=None):
    if libc.ptrace(request, pid, address, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace request {request}")


class Inside:
    """A program, started and stopped once it is confined. call() makes it call; close() ends it."""

    def __init__(self, arguments, fds):
        self.pid = os.fork()
        if self.pid == 0:
            try:
                for fd in fds:
                    os.set_inheritable(fd, True)
                ptrace(TRACEME, 0)
                os.execve(arguments[0], arguments, {})
            finally:
                os._exit(1)
        self.ended = False
        self.wait()
        ptrace(SETOPTIONS, self.pid, None, TRACESYSGOOD | EXITKILL)
        while self.step().orig_rax in (PRCTL, SECCOMP) or not self.is_confined():
            self.step()  # from the entry of a call to its end
        self.room = self.registers().rsp - SCRATCH
        self.step(orig_rax=GETPID)  # in place of the call that it was about to make

    def is_confined(self):
        return "Seccomp:\t2" in pathlib.Path(f"/proc/{self.pid}/status").read_text()

    def wait(self):
        _, status = os.waitpid(self.pid, 0)
        if not os.WIFSTOPPED(status):
            self.ended = True
            raise ChildProcessError(f"it has ended with {status}")
        return os.WSTOPSIG(status)

    def registers(self):
        registers = Registers()
        ptrace(GETREGS, self.pid, None, ctypes.addressof(registers))
        return registers

    def step(self, **changed):
        """To the next entry or end of a system call, with some registers changed before."""
        if changed:
            registers = self.registers()
            for name, value in changed.items():
                setattr(registers, name, value)
            ptrace(SETREGS, self.pid, None, ctypes.addressof(registers))
        ptrace(SYSCALL, self.pid)
        while self.wait() != SYSTEM_CALL_STOP:
            ptrace(SYSCALL, self.pid)
        return self.registers()

    def call(self, number, *arguments):
        """What it returns, or the errno's name, negative. Texts and bytes are pointed to."""
        data, values = b"", []
        for argument in arguments:
            if isinstance(argument, str):
                argument = argument.encode() + b"\0"
            if isinstance(argument, bytes):
                values.append(self.room + len(data))
                data += argument + bytes(-len(argument) % 8)
            else:
                values.append(argument & 2 ** 64 - 1)
        with open(f"/proc/{self.pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(self.room)
            memory.write(data)
        names = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
        # back to the instruction that it has just made, which is two bytes long
        self.step(rax=number, rip=self.registers().rip - 2, **dict(zip(names, values)))
        result = struct.unpack("q", struct.pack("Q", self.step().rax))[0]
        return result if result >= 0 else "-" + errno.errorcode.get(-result, str(-result))

    def close(self):
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.ended = True
