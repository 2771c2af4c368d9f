"""Follows /live with Python's standard library alone, the way a small program would.

Prints the name of each event and, for an activity, its id. Whatever ends a connection, the next one continues at the
last id, after the time that `retry` names.
"""

import http.client
import json
import sys
import time
import urllib.request

url = sys.argv[1]
last_id = None
wait_s = 1.0


def dispatch(name, data):
    activity = json.loads(data)["id"] if name == "activity" else ""
    print(f"{name} {activity}".strip(), flush=True)


def read(response):
    global last_id, wait_s
    name, data, event_id = "message", [], last_id
    for line in response:
        field, _, value = line.decode("utf-8").rstrip("\r\n").partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            event_id = value
        elif field == "retry":
            wait_s = int(value) / 1000
        elif field == "" and value == "":
            last_id = event_id
            if data:
                dispatch(name, "\n".join(data))
            name, data = "message", []


while True:
    request = urllib.request.Request(url, headers={"Accept": "text/event-stream"})
    if last_id is not None:
        request.add_header("Last-Event-ID", last_id)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            read(response)
    except (OSError, http.client.HTTPException):
        print("interrupted", flush=True)
    time.sleep(wait_s)
