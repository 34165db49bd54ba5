"""Runs a program in a terminal of 30 lines and 100 columns, and copies what it prints: python3 in_terminal.py PROGRAM ARGS..."""

import fcntl
import os
import pty
import struct
import sys
import termios

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
while True:
    try:
        output = os.read(terminal, 65536)
    except OSError:  # how Linux tells that the other end is closed
        break
    if not output:
        break
    os.write(1, output)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
