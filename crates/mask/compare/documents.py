"""Documents in, places out, and how long it took."""

import json
import time


def answer(source, target, spans):
    """Writes the places `spans` finds in each text; prints bytes by CPU time."""
    with open(source, encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    size, began = 0, time.process_time()
    with open(target, "w", encoding="utf-8") as out:
        for document in documents:
            size += len(document["text"].encode())
            found = [
                {"start": start, "end": end, "type": kind}
                for start, end, kind in spans(document["text"])
            ]
            out.write(json.dumps({"id": document["id"], "spans": found}) + "\n")
    took = time.process_time() - began
    print(f"{target}: {size} bytes, {size / took / 1e6:.2f} MB/s of CPU time")
