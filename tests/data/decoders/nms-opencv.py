"""Writes nms-opencv.json: what OpenCV's cv2.dnn.NMSBoxes keeps of random boxes. Run by hand with Debian's python3-opencv (4.6)."""
import json
import os

import cv2
import numpy

random = numpy.random.default_rng(7)
cases = []
for count, iou, objects in [(1, 0.5, 1), (40, 0.5, 6), (80, 0.3, 10), (80, 0.45, 4), (120, 0.7, 12), (150, 0.0, 60), (60, 1.0, 3)]:
    centre = random.uniform(100, 540, (objects, 2))
    size = random.uniform(20, 160, (objects, 2))
    of = random.integers(0, objects, count)
    boxes = numpy.hstack([centre[of] + random.normal(0, 6, (count, 2)) - size[of] / 2, size[of] * random.uniform(0.85, 1.15, (count, 2))])
    boxes = numpy.round(boxes, 2)
    # Two decimals, so that ties happen.
    scores = numpy.round(random.uniform(0.05, 0.99, count), 2)
    kept = numpy.array(cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), 0.249, iou)).ravel()
    cases.append({"iou": iou, "boxes": boxes.ravel().tolist(), "scores": scores.tolist(), "kept": kept.tolist()})
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "nms-opencv.json"), "w") as file:
    json.dump({"madeBy": f"nms-opencv.py, OpenCV {cv2.__version__}", "scoreThreshold": 0.249, "cases": cases}, file, separators=(",", ":"))
    file.write("\n")
