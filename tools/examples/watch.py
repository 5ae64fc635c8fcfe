#!/usr/bin/python3
"""Prints the events of a running clinic, old ones first, one JSON line each: a client of the bus in a page.

The contract is messages/README.md. Needs python3-zmq and python3-msgpack, and a hub: on this host, or on another
with --key FILE.
"""
import argparse, base64, json, struct, sys
import msgpack, zmq

EXTENSIONS = {1: {"redacted": True}, 2: {"forgotten": True}}
KEYS = "v index time_ms topic node desk checkin account cause body".split()
options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
options.add_argument("--events", default="tcp://127.0.0.1:5571", help="endpoint of the redacted events")
options.add_argument("--replay", default="tcp://127.0.0.1:5572", help="endpoint that repeats the journal")
options.add_argument("--from", type=int, default=1, dest="first", help="the first index wanted (default 1)")
options.add_argument("--until-head", action="store_true", help="end at the newest event there was at the start")
options.add_argument("--key", help="key file of this node, for a hub on another host")
options.add_argument("--wait-s", type=int, default=10, help="give up when nothing is heard for so long (default 10)")
options = options.parse_args()

context = zmq.Context()
tail, asking = context.socket(zmq.SUB), context.socket(zmq.DEALER)
tail.rcvtimeo = asking.rcvtimeo = options.wait_s * 1000
tail.linger = asking.linger = 0
tail.subscribe(b"#")  # the whole journal, one message a commit
tail.subscribe(b"~")  # where it stands, every second
if options.key:
    with open(options.key) as lines:
        key = dict(line.split(None, 1) for line in lines.read().splitlines() if line and line[0] != "#")
    for s in (tail, asking):
        s.curve_serverkey, s.curve_secretkey = key["hub"].encode(), key["secret"].encode()
        s.curve_publickey = zmq.curve_public(key["secret"].encode())
tail.connect(options.events)
asking.connect(options.replay)
want, epoch, last = options.first, None, None  # the next index, the journal's epoch, the last index wanted


def read(packed):
    return msgpack.unpackb(packed, ext_hook=lambda kind, _: EXTENSIONS[kind], unicode_errors="replace")


def text(octets):  # what JSON has no form for: sixteen octets are an id, others base64
    return octets.hex() if len(octets) == 16 else base64.b64encode(octets).decode()


def show(event):
    global want
    if event["index"] == want and (last is None or want <= last):  # others were shown before, or a gap comes first
        line = {key: event.get(key) for key in KEYS}
        print(json.dumps(line, default=text, ensure_ascii=False, separators=(",", ":")), flush=True)
        want += 1


def replay():
    """Asks once for what is missing; true when there may be more."""
    asking.send(msgpack.packb({"from": want, "limit": 1000, "topics": []}))
    before = want
    while (frames := asking.recv_multipart())[0] != b"replay.end":
        if frames[0] == b"replay.error":
            sys.exit(f"replay was refused: {read(frames[2])['error']}")
        show(read(frames[2]))
    return want > before


try:
    while last is None or want <= last:
        topic, numbers, packed = tail.recv_multipart()
        if epoch not in (None, numbers[-8:]):
            sys.exit("the journal was restored: throw away what was read and start again from 1")
        epoch = numbers[-8:]
        if topic == b"#":
            for event in read(packed):
                show(event)
        else:  # a heartbeat: what it knows and we do not is asked for, at the start and after every gap
            head = struct.unpack(">Q", numbers[:8])[0]
            last = head if options.until_head and last is None else last
            while want <= head and replay():
                pass
except zmq.Again:
    sys.exit(f"nothing heard from {options.events} or {options.replay} for {options.wait_s} s: is the hub running?")
except KeyboardInterrupt:
    pass
