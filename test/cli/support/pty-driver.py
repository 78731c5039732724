"""Runs a program in a real pseudo-terminal, answers its questions, and records everything it shows.

Standard input: one JSON object {command: [...], cwd, environment: {...}, steps: [{expect, send}], recording, timeoutInSeconds}.
A step waits until the text appears after the last one, then types. `send` "^C" is Ctrl-C; everything else is ended with Return.
Standard output: one JSON object {exitCode, missing}: `missing` is the text that never appeared, or null.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

request = json.load(sys.stdin)
process_id, terminal = pty.fork()
if process_id == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    os.chdir(request["cwd"])
    os.environ.update(request["environment"])
    os.execvp(request["command"][0], request["command"])

recorded = b""
seen = 0
steps = list(request["steps"])
deadline = time.monotonic() + request["timeoutInSeconds"]
while time.monotonic() < deadline:
    readable, _, _ = select.select([terminal], [], [], 1)
    if readable:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        recorded += chunk
    while steps:
        position = recorded.find(steps[0]["expect"].encode(), seen)
        if position < 0:
            break
        seen = position + len(steps[0]["expect"].encode())
        text = steps.pop(0)["send"]
        os.write(terminal, b"\x03" if text == "^C" else text.encode() + b"\r")
else:
    os.kill(process_id, 9)

_, status = os.waitpid(process_id, 0)
with open(request["recording"], "wb") as recording:
    recording.write(recorded)
missing = steps[0]["expect"] if steps else None
print(json.dumps({"exitCode": os.waitstatus_to_exitcode(status), "missing": missing}))
