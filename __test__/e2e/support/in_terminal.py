"""Runs a program in a terminal of 30 lines and 100 columns: python3 in_terminal.py PROGRAM ARGS...

What the program prints goes to our standard output; what comes from our standard input is typed.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
sources = [terminal, 0]
while terminal in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            text = os.read(source, 65536)
        except OSError:  # how Linux tells that the program has closed its terminal
            text = b""
        if text:
            os.write(1 if source == terminal else terminal, text)
        else:
            sources.remove(source)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
