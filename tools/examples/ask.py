#!/usr/bin/python3
"""Asks the hub one question and prints its answer: how every desk is, or where the journal stands.

The contract is messages/README.md. Needs python3-zmq and python3-msgpack. On another host: --key FILE, the key file
of this node (`uketsuke keys node`), whose role says what it may ask.
"""
import argparse, json, os, sys, time
import msgpack, zmq

QUESTIONS = {"desks": ("desks", "desks.list"), "status": ("monitor", "monitor.ask_status")}
options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
options.add_argument("question", choices=QUESTIONS)
options.add_argument("--hub", default="tcp://127.0.0.1:5570", help="endpoint of the commands")
options.add_argument("--key", help="key file of this node, for a hub on another host")
options.add_argument("--wait-s", type=int, default=10, help="give up after so long (default 10)")
options = options.parse_args()


def new_id():  # 48 bits of milliseconds, 80 of chance
    return int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10)


def say(topic, to, body):
    socket.send(msgpack.packb({
        "v": 1, "id": new_id(), "kind": "command", "topic": topic, "from": f"asker@{node}", "to": to, "account": "",
        "cause": None, "deadline_ms": options.wait_s * 1000, "epoch": 0, "body": body}))
    try:
        reply = msgpack.unpackb(socket.recv())["body"]
    except zmq.Again:
        sys.exit(f"nobody answers at {options.hub}: is the hub running, and this key let in?")
    if "error" in reply:
        sys.exit(f"refused: {reply['error']['name']} {reply['error']['args']}")
    return reply["ok"]


socket = zmq.Context().socket(zmq.DEALER)
socket.linger, socket.rcvtimeo = 0, options.wait_s * 1000
node = f"asker-{os.getpid()}"
if options.key:
    with open(options.key) as lines:
        key = dict(line.split(None, 1) for line in lines.read().splitlines() if line and line[0] != "#")
    node = key["node"]
    socket.curve_serverkey = key["hub"].encode()
    socket.curve_secretkey = key["secret"].encode()
    socket.curve_publickey = zmq.curve_public(key["secret"].encode())
socket.connect(options.hub)
# Who is here: the first word on every connection.
welcome = say("node.hello", "switchboard@hub",
              {"node": node, "actors": [], "program_version": "example", "incarnation": new_id()})
actor, topic = QUESTIONS[options.question]
answer = say(topic, f"{actor}@{welcome['hub']}", {})
print(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
