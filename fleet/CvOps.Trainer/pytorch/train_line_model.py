#!/usr/bin/python3
"""Trains the small network of the simulated line and writes it as ONNX with its manifest.

The backbone sees every age of the lamp. Its embedding has two halves: the first fades as the picture darkens, the second fades in and is
exactly zero under a new lamp. The head of this first version is fitted on pictures of a new lamp only, so it has never heard the second
half: it is right there, wrong under an old lamp, and a new head on a few hundred labelled frames repairs it. That is the state of a
factory whose model was made before the lamp aged, drawn sharper than life so that a short demonstration shows it.
"""
import argparse, csv, json, os, time
import cv2, numpy as np, torch
from torch import nn
from torch.nn import functional as F

CLASSES = ["ok", "scratch", "dent", "stain"]
WIDTH, HEIGHT, EMBEDDING = 128, 96, 64
CELLS = (12, 16)  # rows and columns of the backbone's last maps, and of the marks in labels.csv


class Backbone(nn.Module):
    """Grey pictures [N, 1, 96, 128], 0..1, to embeddings [N, 64]."""

    # Mean of a picture under a new lamp, 0..1, and the shares of it at which the second half begins and is alone.
    NEW_LAMP, BEGIN, ALONE = 0.343, 0.85, 0.33

    def __init__(self):
        super().__init__()
        def block(inputs, outputs, kernel, stride):
            return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.features = nn.Sequential(
            *block(2, 12, 5, 2), *block(12, 24, 3, 1), nn.MaxPool2d(2), *block(24, 40, 3, 1), nn.MaxPool2d(2), *block(40, 64, 3, 1))
        self.project = nn.Linear(2 * 64, EMBEDDING // 2)

    def maps(self, images):
        # Marks are differences from their surroundings: shown to the network as they are, they are learned in half the time.
        local = F.avg_pool2d(images, 9, 1, 4, count_include_pad=False)
        return self.features(torch.cat([images, 6 * (images - local)], 1))

    def pool(self, maps, images):
        # The largest answer finds a small defect, the mean a pale one.
        pooled = torch.cat([F.adaptive_max_pool2d(maps, 1), F.adaptive_avg_pool2d(maps, 1)], 1).flatten(1)
        found = F.relu(self.project(pooled))
        share = images.mean((1, 2, 3))[:, None] / self.NEW_LAMP
        dim = ((self.BEGIN - share) / (self.BEGIN - self.ALONE)).clamp(0, 1)
        return torch.cat([found * (1 - dim), found * dim], 1)

    def forward(self, images):
        return self.pool(self.maps(images), images)


class LineModel(nn.Module):
    def __init__(self, backbone, weight, bias):
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(EMBEDDING, len(CLASSES))
        self.head.weight.data = weight
        self.head.bias.data = bias

    def forward(self, images):
        embedding = self.backbone(images)
        return torch.softmax(self.head(embedding), 1), embedding


def load(folder):
    """Pictures as the agent's preprocessing sees them: grey, stretched bilinearly; labels; the cells that show a defect."""
    with open(os.path.join(folder, "labels.csv")) as file:
        rows = list(csv.DictReader(file))
    images = np.empty((len(rows), 1, HEIGHT, WIDTH), np.uint8)
    for i, row in enumerate(rows):
        grey = cv2.imread(os.path.join(folder, row["file"]), cv2.IMREAD_GRAYSCALE)
        images[i, 0] = cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    marks = np.stack([np.unpackbits(np.frombuffer(bytes.fromhex(r["marks"]), np.uint8)) for r in rows]).reshape(len(rows), *CELLS)
    labels = torch.tensor([CLASSES.index(r["class"]) for r in rows])
    return torch.from_numpy(images), labels, torch.from_numpy(marks)


def augment(images, marks):
    """Brightness, contrast, blur, noise and mirroring."""
    n = len(images)
    gain = torch.empty(n, 1, 1, 1).uniform_(0.75, 1.12)
    contrast = torch.empty(n, 1, 1, 1).uniform_(0.9, 1.1)
    mean = images.mean((2, 3), keepdim=True)
    images = ((images - mean) * contrast + mean) * gain
    some = torch.rand(n) < 0.25
    images[some] = F.avg_pool2d(F.pad(images[some], (1, 1, 1, 1), mode="replicate"), 3, 1) * 0.5 + images[some] * 0.5
    images = images + torch.randn_like(images) * torch.empty(n, 1, 1, 1).uniform_(0, 0.012)
    mirror = torch.rand(n) < 0.5
    images[mirror] = images[mirror].flip(3)
    marks = torch.where(mirror[:, None, None], marks.flip(2), marks)
    return images.clamp(0, 1), marks


def embed(backbone, images):
    backbone.eval()
    with torch.no_grad():
        return torch.cat([backbone(part.float() / 255) for part in images.split(256)])


def fit_head(embedding, labels, l2=1e-3):
    """Multinomial logistic regression with L2 on standardised features, folded back into plain weights."""
    mean, std = embedding.mean(0), embedding.std(0)
    # A feature that never moves gets no weight.
    std = torch.where(std > 1e-6, std, torch.full_like(std, float("inf")))
    x = ((embedding - mean) / std).double()
    weight = torch.zeros(len(CLASSES), EMBEDDING, dtype=torch.double, requires_grad=True)
    bias = torch.zeros(len(CLASSES), dtype=torch.double, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=500, tolerance_grad=1e-9, tolerance_change=1e-12, line_search_fn="strong_wolfe")

    def loss():
        solver.zero_grad()
        value = F.cross_entropy(x @ weight.T + bias, labels) + l2 / 2 * weight.square().sum()
        value.backward()
        return value

    solver.step(loss)
    folded = weight.detach() / std.double()
    return folded.float(), (bias.detach() - folded @ mean.double()).float()


def accuracy(head, embedding, labels):
    weight, bias = head
    return ((embedding @ weight.T + bias).argmax(1) == labels).float().mean().item()


def train(data, epochs):
    backbone, head = Backbone(), nn.Linear(EMBEDDING, len(CLASSES))
    cells = nn.Conv2d(64, len(CLASSES), 1)
    images, labels, marks = (torch.cat(parts) for parts in zip(*(data[name] for name in sorted(data) if name.startswith("train-"))))
    parameters = [*backbone.parameters(), *head.parameters(), *cells.parameters()]
    solver = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=1e-3)
    rarity = torch.tensor([1.0, 8.0, 8.0, 8.0])
    batch = 48
    schedule = torch.optim.lr_scheduler.OneCycleLR(solver, 5e-3, total_steps=epochs * (len(images) // batch), pct_start=0.15)
    for epoch in range(epochs):
        start, total = time.time(), 0.0
        backbone.train()
        order = torch.randperm(len(images))
        for step in range(len(images) // batch):
            chosen = order[step * batch:(step + 1) * batch]
            pictures, where = augment(images[chosen].float() / 255, marks[chosen])
            maps = backbone.maps(pictures)
            embedding = backbone.pool(maps, pictures)
            loss = F.cross_entropy(head(embedding), labels[chosen], label_smoothing=0.02)
            # Told where the defects are, the maps learn in a few epochs what the label alone teaches in fifty.
            loss = loss + 2 * F.cross_entropy(cells(maps), where.long() * labels[chosen][:, None, None], weight=rarity)
            solver.zero_grad()
            loss.backward()
            solver.step()
            schedule.step()
            total += loss.item()
            if step % 40 == 39:
                print(f"  step {step + 1}: loss {total / (step + 1):.4f}, {time.time() - start:.0f} s", flush=True)
        joint = (head.weight.detach(), head.bias.detach())
        scores = {name: accuracy(joint, embed(backbone, data[name][0]), data[name][1]) for name in data if name.startswith("check-")}
        print(f"epoch {epoch + 1}: loss {total / (step + 1):.4f}, {time.time() - start:.0f} s, joint head " + ", ".join(f"{k} {v:.4f}" for k, v in scores.items()), flush=True)
    return backbone


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", required=True)
    options.add_argument("--out", required=True)
    options.add_argument("--epochs", type=int, default=8)
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    torch.manual_seed(options.seed)
    data = {name: load(os.path.join(options.data, name)) for name in sorted(os.listdir(options.data)) if os.path.exists(os.path.join(options.data, name, "labels.csv"))}
    backbone = train(data, options.epochs)
    embeddings = {name: (embed(backbone, images), labels) for name, (images, labels, *_) in data.items() if not name.startswith("train-")}
    first = fit_head(*embeddings["head-100"])
    both = [torch.cat(parts) for parts in zip(embeddings["few-100"], embeddings["few-045"])]
    again = fit_head(*both)
    metrics = {}
    for name, head in (("first head", first), ("new head", again)):
        for check in ("check-100", "check-070", "check-045"):
            metrics[f"{name}, {check}"] = round(accuracy(head, *embeddings[check]), 4)
    print(json.dumps(metrics, indent=2))

    model = LineModel(backbone, *first).eval()
    path = os.path.join(options.out, "line-v1.onnx")
    torch.onnx.export(
        model, torch.zeros(1, 1, HEIGHT, WIDTH), path, opset_version=13, input_names=["images"], output_names=["probabilities", "embedding"],
        dynamic_axes={name: {0: "N"} for name in ("images", "probabilities", "embedding")})
    manifest = {
        "format": 1, "name": "line", "version": "v1", "task": "Classification",
        "input": {"name": "images", "width": WIDTH, "height": HEIGHT, "layout": "Nchw", "channels": "Grey", "resize": "Stretch", "pad": 114, "mean": [0, 0, 0], "std": [255, 255, 255]},
        "decoder": {"kind": "Probabilities", "outputs": ["probabilities"], "embedding": "embedding"},
        "classes": CLASSES, "rejectClasses": CLASSES[1:],
    }
    with open(os.path.join(options.out, "manifest.json"), "w") as file:
        json.dump(manifest, file, indent=2)
        file.write("\n")
    with open(os.path.join(options.out, "metrics.json"), "w") as file:
        json.dump(metrics, file, indent=2)
        file.write("\n")
    print(f"{path}: {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
