"""A classifier for training: the parent's graph up to its embedding with a linear head, or a small network of its own."""
import numpy as np, torch
from torch import nn
from torch.nn import functional as F
from onnx_graph import Graph, GraphModule, Unsupported


class SmallBackbone(nn.Module):
    """Pictures to an embedding of 64."""

    def __init__(self, channels):
        super().__init__()
        def block(inputs, outputs, stride):
            return [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.layers = nn.Sequential(*block(channels, 16, 2), *block(16, 32, 1), nn.MaxPool2d(2), *block(32, 64, 1), nn.MaxPool2d(2), *block(64, 96, 1), nn.MaxPool2d(2), *block(96, 128, 1))
        self.project = nn.Linear(256, 64)

    def forward(self, images):
        maps = self.layers(images)
        return [F.relu(self.project(torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1)))]


class Classifier(nn.Module):
    """Pictures to logits and embedding."""

    def __init__(self, backbone, head):
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, images):
        embedding = self.backbone(images)[0].flatten(1)
        return self.head(embedding), embedding


class Exported(nn.Module):
    """As the manifest has its outputs: probabilities or logits, and the embedding."""

    def __init__(self, classifier, softmax):
        super().__init__()
        self.classifier, self.softmax = classifier, softmax

    def forward(self, images):
        logits, embedding = self.classifier(images)
        return (torch.softmax(logits, 1) if self.softmax else logits), embedding


def parent_head(graph, embedding, output, classes):
    """The linear layer between embedding and output, where that is all there is between them; else None."""
    node = graph.producer(output)
    if node is not None and node.op == "Softmax":
        node = graph.producer(node.inputs[0])
    if node is None or node.op != "Gemm" or node.inputs[0] != embedding:
        return None
    weight = graph.constants[node.inputs[1]].float()
    weight = weight if node.get("transB", 0) else weight.t()
    bias = graph.constants[node.inputs[2]].float() if len(node.inputs) > 2 else torch.zeros(len(weight))
    if len(weight) != classes:
        return None
    head = nn.Linear(weight.shape[1], classes)
    head.weight.data, head.bias.data = weight.contiguous().clone(), bias.clone()
    return head


def build(job, parameters, say):
    """The network to train, from the parent where its graph allows it. Says which it is."""
    classes, example = len(job["classes"]), torch.zeros(2, *job["shape"][1:])
    if parameters["init"] == "parent":
        try:
            if not job.get("embedding"):
                raise Unsupported("its manifest names no embedding to put a head on")
            graph = Graph(job["onnx"])
            backbone = GraphModule(graph, [job["embedding"]])
            if parameters["freeze"]:
                backbone.freeze(parameters["freeze"])
            with torch.no_grad():
                dimensions = backbone(example)[0].flatten(1).shape[1]
            head = parent_head(graph, job["embedding"], job["output"], classes) if job["sameClasses"] else None
            say(f"Training goes on from the parent's weights ({sum(p.numel() for p in backbone.parameters())} of them), with {'its' if head is not None else 'a new'} head.")
            return Classifier(backbone, head if head is not None else nn.Linear(dimensions, classes)), "parent"
        except Unsupported as reason:
            say(f"The parent's graph can't be trained on: {reason}. A small network is trained from scratch in its place.")
        except (RuntimeError, IndexError, KeyError, TypeError) as reason:
            say(f"The parent's graph can't be run by PyTorch: {reason}. A small network is trained from scratch in its place.")
    return Classifier(SmallBackbone(job["shape"][1]), nn.Linear(64, classes)), "scratch"


class Task:
    """Pictures with one class each."""
    dynamic = True

    def __init__(self, job, parameters, seed):
        self.job, self.parameters = job, parameters
        self.images = np.memmap(job["tensors"], np.float32, "r", shape=tuple(job["shape"]))
        self.labels = torch.tensor(job["labels"])
        order = torch.randperm(len(self.labels), generator=torch.Generator().manual_seed(seed))
        held = [torch.tensor(job["held"])] if "held" in job else []
        # The same share of each class, and one of each is always learned.
        for index in range(0 if held else len(job["classes"])):
            own = order[self.labels[order] == index]
            held.append(own[:min(int(len(own) * parameters["validation"]), max(len(own) - 1, 0))])
        self.held = torch.cat(held)
        self.learn = order[~torch.isin(order, self.held)]

    def build(self, say):
        return build(self.job, self.parameters, say)

    def tensor(self, chosen):
        return torch.from_numpy(self.images[chosen.numpy()].copy())

    def loss(self, network, chosen, augmented, device):
        images = self.tensor(chosen).to(device)
        return F.cross_entropy(network(augment(images) if augmented else images)[0], self.labels[chosen].to(device), label_smoothing=0.05)

    def right(self, network, chosen, device):
        with torch.no_grad():
            return sum((network(self.tensor(part).to(device))[0].argmax(1).cpu() == self.labels[part]).sum().item() for part in chosen.split(256))

    def measure(self, network, device):
        """Metrics of an epoch, and what the best epoch is chosen by."""
        if len(self.held) == 0:
            return {}, 0.0
        accuracy = self.right(network, self.held, device) / len(self.held)
        return {"validationAccuracy": accuracy}, accuracy

    def final(self, network, device):
        everything = torch.arange(len(self.labels))
        metrics = {"frames": float(len(self.labels)), "trainAccuracy": self.right(network, everything, device) / len(self.labels)}
        return {**metrics, **self.measure(network, device)[0]}

    def exported(self, network):
        return Exported(network, self.job["softmax"])

    def output_names(self):
        return [self.job["output"], self.job.get("embedding") or "embedding"]

    def manifest(self):
        return {"decoder": {**self.job["manifest"]["decoder"], "embedding": self.output_names()[1]}}


def augment(images):
    """Mirrors, small shifts and another exposure; the tensors are normalised already."""
    n = len(images)
    for axis in (2, 3):
        some = torch.rand(n, device=images.device) < 0.5
        images = torch.where(some[:, None, None, None], images.flip(axis), images)
    reach = max(1, images.shape[3] // 16)
    dy, dx = (int(torch.randint(-reach, reach + 1, (1,))) for _ in range(2))
    images = torch.roll(F.pad(images, (reach, reach, reach, reach), mode="reflect"), (dy, dx), (2, 3))[:, :, reach:-reach, reach:-reach]
    gain = torch.empty(n, 1, 1, 1, device=images.device).uniform_(0.85, 1.15)
    return images * gain
