"""Writes nms-opencv.json, what OpenCV's cv2.dnn.NMSBoxes keeps of random boxes, and nms-rotated-opencv.json, what the overlaps of
cv2.rotatedRectangleIntersection leave of random oriented ones. NMSBoxesRotated takes a box within another for the same box, so the loop is here.

Run by hand with Debian's python3-opencv (4.6).
"""
import json
import os

import cv2
import numpy

SCORE = 0.249


def write(name, cases):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w") as file:
        json.dump({"madeBy": f"nms-opencv.py, OpenCV {cv2.__version__}", "scoreThreshold": SCORE, "cases": cases}, file, separators=(",", ":"))
        file.write("\n")


def overlap(a, b):
    _, corners = cv2.rotatedRectangleIntersection(a, b)
    shared = 0 if corners is None else cv2.contourArea(cv2.convexHull(corners))
    return shared / (a[1][0] * a[1][1] + b[1][0] * b[1][1] - shared)


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
    kept = numpy.array(cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), SCORE, iou)).ravel()
    cases.append({"iou": iou, "boxes": boxes.ravel().tolist(), "scores": scores.tolist(), "kept": kept.tolist()})
write("nms-opencv.json", cases)

cases = []
for count, iou, objects in [(40, 0.5, 6), (60, 0.3, 4), (80, 0.6, 10)]:
    centre = random.uniform(100, 540, (objects, 2))
    size = random.uniform(30, 200, (objects, 2))
    angle = random.uniform(-90, 90, objects)
    of = random.integers(0, objects, count)
    # Centre, size and degrees, clockwise.
    boxes = numpy.hstack([centre[of] + random.normal(0, 8, (count, 2)), size[of] * random.uniform(0.8, 1.2, (count, 2)), (angle[of] + random.normal(0, 10, count))[:, None]])
    boxes = numpy.round(boxes, 2)
    scores = numpy.round(random.uniform(0.05, 0.99, count), 2)
    rotated = [((b[0], b[1]), (b[2], b[3]), b[4]) for b in boxes.tolist()]
    kept = []
    for i in sorted((i for i in range(count) if scores[i] > SCORE), key=lambda i: -scores[i]):
        if all(overlap(rotated[i], rotated[other]) <= iou for other in kept):
            kept.append(i)
    cases.append({"iou": iou, "boxes": boxes.ravel().tolist(), "scores": scores.tolist(), "kept": kept})
write("nms-rotated-opencv.json", cases)
