"""The longest time between two captures of a camera over its last two starts, in seconds: how long the line was without inspection."""
import datetime
import json
import sys

moments = []
for line in open(sys.argv[1], encoding="utf-8"):
    report = json.loads(line)
    if report["camera"] == sys.argv[2]:
        moments.append((report["origin"]["boot"], datetime.datetime.fromisoformat(report["capturedAt"])))
newest = max(boot for boot, _ in moments)
first = min(at for boot, at in moments if boot == newest)
last = max(at for boot, at in moments if boot == newest - 1)
print(f"{(first - last).total_seconds():.1f}")
