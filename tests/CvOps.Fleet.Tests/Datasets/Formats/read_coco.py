"""Reads a COCO export as pycocotools does (createIndex, getAnnIds, annToMask) and says what it found; the pictures and outlines through OpenCV.

usage: read_coco.py FOLDER   (annotations/instances.json and images/, unpacked)
"""
import collections
import json
import os
import sys

import cv2
import numpy

folder = sys.argv[1]
with open(os.path.join(folder, "annotations", "instances.json"), encoding="utf-8") as file:
    dataset = json.load(file)

annotations, images_of_annotation = {}, collections.defaultdict(list)
for annotation in dataset["annotations"]:
    images_of_annotation[annotation["image_id"]].append(annotation)
    annotations[annotation["id"]] = annotation
images = {image["id"]: image for image in dataset["images"]}
categories = {category["id"]: category for category in dataset["categories"]}
assert len(annotations) == len(dataset["annotations"]), "annotation ids repeat"
assert len(images) == len(dataset["images"]), "image ids repeat"

for image in images.values():
    pixels = cv2.imread(os.path.join(folder, "images", image["file_name"]))
    assert pixels is not None, image["file_name"]
    assert pixels.shape[:2] == (image["height"], image["width"]), (image["file_name"], pixels.shape)
    for annotation in images_of_annotation[image["id"]]:
        x, y, width, height = annotation["bbox"]
        covered = width * height
        if annotation["segmentation"]:
            mask = numpy.zeros((image["height"], image["width"]), numpy.uint8)
            outlines = [numpy.rint(numpy.array(ring).reshape(-1, 2)).astype(numpy.int32) for ring in annotation["segmentation"]]
            cv2.fillPoly(mask, outlines, 1)
            covered = float(cv2.contourArea(numpy.array(annotation["segmentation"][0], numpy.float32).reshape(-1, 2)))
            assert mask.any(), annotation
            left, top, wide, high = cv2.boundingRect(mask)
            assert abs(left - x) <= 1 and abs(top - y) <= 1 and abs(wide - 1 - width) <= 1 and abs(high - 1 - height) <= 1, (annotation, (left, top, wide, high))
        assert abs(covered - annotation["area"]) < 1e-2, (annotation, covered)
        assert annotation["iscrowd"] == 0
        print(image["file_name"], categories[annotation["category_id"]]["name"], *(f"{number:.2f}" for number in annotation["bbox"]), "outline" if annotation["segmentation"] else "box")
print(f"{len(images)} images, {len(annotations)} annotations, {len(categories)} categories")
