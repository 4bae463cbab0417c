"""Reads an event stream with httpx and httpx-sse, and prints a JSON array for each event. Usage: httpx_read.py FILE PIECE"""

import json
import sys

import httpx
import httpx_sse


class Pieces(httpx.SyncByteStream):
    def __init__(self, stream, length):
        self.stream, self.length = stream, length

    def __iter__(self):
        for start in range(0, len(self.stream), self.length):
            yield self.stream[start : start + self.length]


def main():
    with open(sys.argv[1], "rb") as file:
        stream = file.read()

    def answer(_request):
        headers = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=headers, stream=Pieces(stream, int(sys.argv[2])))

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        with httpx_sse.connect_sse(client, "GET", "http://peer/") as source:
            for event in source.iter_sse():
                print(json.dumps([event.event, event.data, event.id, event.retry]))


main()
