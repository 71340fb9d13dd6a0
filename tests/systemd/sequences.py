"""What arrived of a device's inspections: the numbers of each start must be whole. A hole is a message that was lost.

sequences.py FILE              prints 'boots=N messages=N missing=N repeated=N last=BOOT'; 1 when any is missing
sequences.py FILE BOOT LEAST   the same; 1 also when fewer than LEAST messages of that start have come
"""
import collections
import json
import sys

numbers = collections.defaultdict(collections.Counter)
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        origin = json.loads(line)["origin"]
        numbers[origin["boot"]][origin["sequence"]] += 1
missing = sum(max(seen) - min(seen) + 1 - len(seen) for seen in numbers.values())
repeated = sum(count - 1 for seen in numbers.values() for count in seen.values())
messages = sum(len(seen) for seen in numbers.values())
print(f"boots={len(numbers)} messages={messages} missing={missing} repeated={repeated} last={max(numbers, default=0)}")
few = len(sys.argv) > 3 and len(numbers[int(sys.argv[2])]) < int(float(sys.argv[3]))
sys.exit(missing > 0 or few)
