"""A small detector without anchors, trained from scratch, in the form of YOLOv8's output: [1, 4 + classes, cells], centre, size, class scores."""
import numpy as np, torch
from torch import nn
from torch.nn import functional as F
from failure import Failed

STRIDES = (8, 16)
LARGE = 64  # boxes whose longer side is beyond this many pixels belong to the coarser cells


class Detector(nn.Module):
    """Pictures to raw numbers [N, cells, 4 + classes]: shift of the centre and logarithm of the size in cells, class logits."""

    def __init__(self, channels, classes, width):
        super().__init__()
        def block(inputs, outputs, stride=1):
            return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())
        self.fine = nn.Sequential(block(channels, width, 2), block(width, 2 * width, 2), block(2 * width, 2 * width), block(2 * width, 4 * width, 2), block(4 * width, 4 * width))
        self.coarse = nn.Sequential(block(4 * width, 6 * width, 2), block(6 * width, 6 * width), block(6 * width, 6 * width))
        self.down = nn.Conv2d(6 * width, 4 * width, 1)
        self.mix = block(4 * width, 4 * width)
        self.heads = nn.ModuleList([nn.Sequential(block(inputs, inputs), nn.Conv2d(inputs, 4 + classes, 1)) for inputs in (4 * width, 6 * width)])
        for head in self.heads:
            nn.init.zeros_(head[-1].weight)
            # Nearly every cell shows nothing: begin there (Lin et al., Focal Loss, 2017).
            head[-1].bias.data[:] = torch.cat([torch.zeros(4), torch.full((classes,), -4.6)])

    def forward(self, images):
        fine = self.fine(images)
        coarse = self.coarse(fine)
        fine = self.mix(fine + F.interpolate(self.down(coarse), scale_factor=2.0, mode="nearest"))
        return torch.cat([head(maps).flatten(2) for head, maps in zip(self.heads, (fine, coarse))], 2).transpose(1, 2)


def cells(height, width):
    """Centre and stride of each cell, in the order of the network's outputs, [cells, 3]."""
    grids = []
    for stride in STRIDES:
        y, x = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride), indexing="ij")
        grids.append(torch.stack([(x.flatten() + 0.5) * stride, (y.flatten() + 0.5) * stride, torch.full((x.numel(),), float(stride))], 1))
    return torch.cat(grids)


def decode(raw, grid):
    """Boxes as centre and size in pixels."""
    return torch.cat([grid[:, :2] + raw[..., :2] * grid[:, 2:], torch.exp(raw[..., 2:4].clamp(-4, 6)) * grid[:, 2:]], -1)


class Exported(nn.Module):
    def __init__(self, network, grid):
        super().__init__()
        self.network = network
        self.register_buffer("grid", grid)

    def forward(self, images):
        raw = self.network(images)
        return (torch.cat([decode(raw, self.grid), torch.sigmoid(raw[..., 4:])], -1).transpose(1, 2),)


def corners(boxes):
    return torch.cat([boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2], -1)


def overlap(a, b):
    """Intersection over union, and over the enclosing box what is not covered (Rezatofighi et al., GIoU, 2019); boxes as corners, pair by pair."""
    inner = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0).prod(-1)
    outer = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).clamp(min=0).prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - inner
    return inner / (union + 1e-9), (outer - union) / (outer + 1e-9)


class Task:
    """Pictures with boxes."""
    dynamic = False

    def __init__(self, job, parameters, seed):
        self.job, self.classes = job, len(job["classes"])
        self.images = np.memmap(job["tensors"], np.float32, "r", shape=tuple(job["shape"]))
        self.boxes = [torch.tensor(boxes, dtype=torch.float32).reshape(-1, 5) for boxes in job["boxes"]]
        self.height, self.width = job["shape"][2:]
        if self.height % STRIDES[-1] or self.width % STRIDES[-1]:
            raise Failed(f"A detector's input has sides that {STRIDES[-1]} divides; this one is {self.width} x {self.height}.")
        self.grid = cells(self.height, self.width)
        order = torch.randperm(len(self.boxes), generator=torch.Generator().manual_seed(seed))
        count = int(len(order) * parameters["validation"])
        self.held, self.learn = order[:count], order[count:]
        if "held" in job:
            self.held = torch.tensor(job["held"])
            self.learn = order[~torch.isin(order, self.held)]

    def build(self, say):
        say("A small detector is trained from scratch: of the parent, input and decoder are kept and its weights are not.")
        return Detector(self.job["shape"][1], self.classes, 24), "scratch"

    def tensor(self, chosen):
        return torch.from_numpy(self.images[chosen.numpy()].copy())

    def targets(self, boxes):
        """For each cell the box it stands for, or -1: cells in the middle of a box, the smaller box first, and always the nearest one."""
        owner = torch.full((len(self.grid),), -1, dtype=torch.long)
        for index in sorted(range(len(boxes)), key=lambda i: -float(boxes[i, 3] * boxes[i, 4])):
            centre, size = boxes[index, 1:3], boxes[index, 3:5]
            level = self.grid[:, 2] == (STRIDES[1] if size.max() > LARGE else STRIDES[0])
            inside = ((self.grid[:, :2] - centre).abs() <= 0.2 * size).all(1) & level
            distance = torch.where(level, (self.grid[:, :2] - centre).square().sum(1), torch.tensor(float("inf")))
            inside[distance.argmin()] = True
            owner[inside] = index
        return owner

    def loss(self, network, chosen, augmented, device):
        images, boxes = self.tensor(chosen), [self.boxes[i].clone() for i in chosen]
        if augmented:
            images = images * torch.empty(len(images), 1, 1, 1).uniform_(0.85, 1.15)
            for axis, side, column in ((3, self.width, 1), (2, self.height, 2)):
                if torch.rand(()) < 0.5:
                    images = images.flip(axis)
                    for own in boxes: own[:, column] = side - own[:, column]
        raw, grid = network(images.to(device)), self.grid.to(device)
        classes, wanted, found = torch.zeros(len(images), len(grid), self.classes), [], []
        for i, own in enumerate(boxes):
            owner = self.targets(own) if len(own) else torch.full((len(grid),), -1)
            at = (owner >= 0).nonzero().flatten()
            if len(at) == 0: continue
            classes[i, at, own[owner[at], 0].long()] = 1
            wanted.append(own[owner[at], 1:])
            found.append(decode(raw[i, at], grid[at]))
        count, classes = max(sum(len(part) for part in wanted), 1), classes.to(device)
        plain = F.binary_cross_entropy_with_logits(raw[..., 4:], classes, reduction="none")
        sure = torch.where(classes > 0, 1 - torch.sigmoid(raw[..., 4:]), torch.sigmoid(raw[..., 4:]))
        loss = 0.5 * (sure.square() * plain).sum() / count
        if wanted:
            iou, empty = overlap(corners(torch.cat(found)), corners(torch.cat(wanted).to(device)))
            loss = loss + 2 * (1 - iou + empty).mean()
        return loss

    def detect(self, network, chosen, device, threshold=0.05, most=100):
        """Boxes of each picture after non-maximum suppression by class: [corners, score, class]."""
        from_raw = []
        with torch.no_grad():
            for part in chosen.split(32):
                raw = network(self.tensor(part).to(device)).cpu()
                for own in raw:
                    score, label = torch.sigmoid(own[:, 4:]).max(1)
                    keep = (score > threshold).nonzero().flatten()
                    keep = keep[score[keep].argsort(descending=True)][:4 * most]
                    boxes, left, kept = corners(decode(own[keep], self.grid[keep])), list(range(len(keep))), []
                    while left and len(kept) < most:
                        first, *left = left
                        kept.append(first)
                        if left:
                            same = (overlap(boxes[first].expand(len(left), 4), boxes[left])[0] > 0.6) & (label[keep[left]] == label[keep[first]])
                            left = [index for index, drop in zip(left, same.tolist()) if not drop]
                    from_raw.append((boxes[kept], score[keep[kept]], label[keep[kept]]))
        return from_raw

    def average_precision(self, network, chosen, device):
        """Mean over the classes of the area under precision by recall, a box found where the overlap is a half."""
        found, areas = self.detect(network, chosen, device), []
        for index in range(self.classes):
            truth = [corners(self.boxes[i][self.boxes[i][:, 0] == index][:, 1:]) for i in chosen]
            total = sum(len(boxes) for boxes in truth)
            if total == 0: continue
            hits = []
            for (boxes, score, label), true in zip(found, truth):
                taken = set()
                for box, sure in sorted(zip(boxes[label == index], score[label == index].tolist()), key=lambda pair: -pair[1]):
                    iou = overlap(box.expand(len(true), 4), true)[0] if len(true) else torch.zeros(0)
                    best = int(iou.argmax()) if len(true) else -1
                    right = best >= 0 and iou[best] >= 0.5 and best not in taken
                    if right: taken.add(best)
                    hits.append((sure, right))
            hits.sort(key=lambda pair: -pair[0])
            right = np.cumsum([hit for _, hit in hits]) if hits else np.zeros(0)
            precision = np.maximum.accumulate((right / np.arange(1, len(hits) + 1))[::-1])[::-1] if hits else np.zeros(0)
            areas.append(float(np.sum(precision * np.diff(np.concatenate([[0], right])) / total)))
        return sum(areas) / max(len(areas), 1)

    def measure(self, network, device):
        if len(self.held) == 0: return {}, 0.0
        area = self.average_precision(network, self.held, device)
        return {"validationMap50": area}, area

    def final(self, network, device):
        return {"frames": float(len(self.boxes)), "trainMap50": self.average_precision(network, self.learn[:300], device), **self.measure(network, device)[0]}

    def exported(self, network):
        return Exported(network, self.grid)

    def output_names(self):
        return [self.job["output"]]

    def manifest(self):
        return {}
