#!/usr/bin/python3
"""Prints the events of a running clinic, old ones first, one JSON line each: a bus client in forty lines.

The contract is messages/README.md. Needs python3-zmq and python3-msgpack, and a hub on this host without keys.
"""
import argparse, base64, json, struct, sys
import msgpack, zmq

EXT = {1: {"redacted": True}, 2: {"forgotten": True}}
KEYS = "v index time_ms topic node desk checkin account cause body".split()

options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
options.add_argument("--events", default="tcp://127.0.0.1:5571", help="endpoint of the redacted events")
options.add_argument("--replay", default="tcp://127.0.0.1:5572", help="endpoint that repeats the journal")
options.add_argument("--from", type=int, default=1, dest="first", help="the first index wanted (default 1)")
options.add_argument("--until-head", action="store_true", help="end at the newest event there was at the start")
options.add_argument("--wait-s", type=int, default=10, help="give up after this long without a heartbeat")
options = options.parse_args()

context = zmq.Context()
tail = context.socket(zmq.SUB)
tail.subscribe(b"#")  # the whole journal, one message a commit
tail.subscribe(b"~")  # where it stands, every second
tail.connect(options.events)
asking = context.socket(zmq.DEALER)
asking.connect(options.replay)
tail.rcvtimeo = asking.rcvtimeo = options.wait_s * 1000
want, epoch, stop_after = options.first, None, None


def read(packed):
    return msgpack.unpackb(packed, ext_hook=lambda kind, _: EXT[kind], unicode_errors="replace")


def text(octets):  # what JSON has no form for: sixteen octets are an id
    return octets.hex() if len(octets) == 16 else base64.b64encode(octets).decode()


def show(event):
    global want
    if event["index"] != want or (stop_after is not None and want > stop_after):
        return  # seen already: the tail and the replay overlap
    line = {key: event.get(key) for key in KEYS}
    print(json.dumps(line, default=text, ensure_ascii=False, separators=(",", ":")), flush=True)
    want += 1


def replay():
    """Asks once for what is missing; the answers come in index order."""
    asking.send(msgpack.packb({"from": want, "limit": 1000, "topics": []}))
    while (frames := asking.recv_multipart())[0] != b"replay.end":
        show(read(frames[2]))


try:
    while stop_after is None or want <= stop_after:
        topic, numbers, packed = tail.recv_multipart()
        now = struct.unpack(">Q", numbers[-8:])[0]
        if epoch not in (None, now):
            sys.exit("the journal was restored: throw away what was read and start again from 1")
        epoch = now
        if topic == b"#":
            for event in read(packed):
                show(event)
            continue
        head = struct.unpack(">Q", numbers[:8])[0]
        if options.until_head and stop_after is None:
            stop_after = head
        while want <= min(head, stop_after or head):
            replay()
except zmq.Again:
    sys.exit(f"nothing heard from {options.events} or {options.replay} for {options.wait_s} s: is the hub running?")
except KeyboardInterrupt:
    pass
