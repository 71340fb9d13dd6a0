"""Reads an ONNX file and runs its graph as a PyTorch module whose weights learn. Only the operators of plain convolutional networks; it needs no onnx package."""
import struct
import numpy as np, torch
from torch import nn
from torch.nn import functional as F


class Unsupported(Exception):
    """The graph can't be trained on; the message says why."""


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """(number, value) of a protobuf message; a value is an int or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            length = {1: 8, 5: 4}[kind]
            value, at = data[at:at + length], at + length
        yield key >> 3, value


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def integers(value):
    """A repeated integer, packed or one by one."""
    if isinstance(value, int):
        return [signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(signed(number))
    return found


def tensor(data):
    dims, kind, name, raw, floats, longs = [], 1, "", None, [], []
    for number, value in fields(data):
        if number == 1: dims += integers(value)
        elif number == 2: kind = value
        elif number == 4: floats += struct.unpack(f"<{len(value) // 4}f", value)
        elif number == 7: longs += integers(value)
        elif number == 8: name = value.decode()
        elif number == 9: raw = value
        elif number in (13, 14): raise Unsupported("its weights lie in another file")
    types = {1: np.float32, 6: np.int32, 7: np.int64, 11: np.float64}
    if kind not in types:
        raise Unsupported(f"its tensor {name} has the element type {kind}")
    array = np.frombuffer(raw, types[kind]) if raw is not None else np.array(floats or longs, types[kind])
    return name, torch.from_numpy(array.reshape(dims).copy())


def attribute(data):
    name, value, many = "", None, []
    for number, found in fields(data):
        if number == 1: name = found.decode()
        elif number == 2: value = struct.unpack("<f", found)[0]
        elif number == 3: value = signed(found)
        elif number == 4: value = found.decode("utf-8", "replace")
        elif number == 5: value = tensor(found)[1]
        elif number == 6: raise Unsupported("it holds graphs within its graph")
        elif number == 7: many += struct.unpack(f"<{len(found) // 4}f", found)
        elif number == 8: many += integers(found)
    return name, many if many else value


class Node:
    def __init__(self, data):
        self.inputs, self.outputs, self.name, self.op, self.attributes = [], [], "", "", {}
        for number, value in fields(data):
            if number == 1: self.inputs.append(value.decode())
            elif number == 2: self.outputs.append(value.decode())
            elif number == 3: self.name = value.decode()
            elif number == 4: self.op = value.decode()
            elif number == 5:
                name, found = attribute(value)
                self.attributes[name] = found

    def get(self, name, default=None):
        return self.attributes.get(name, default)


class Graph:
    """What a file says: nodes in an order that can be run, constants by name, inputs and outputs."""

    def __init__(self, path):
        with open(path, "rb") as file:
            graph = next((value for number, value in fields(file.read()) if number == 7), None)
        if graph is None:
            raise Unsupported("it is no ONNX model")
        self.nodes, self.constants, self.inputs, self.outputs = [], {}, [], []
        for number, value in fields(graph):
            if number == 1: self.nodes.append(Node(value))
            elif number == 5:
                name, found = tensor(value)
                self.constants[name] = found
            elif number in (11, 12):
                (self.inputs if number == 11 else self.outputs).append(next(v for n, v in fields(value) if n == 1).decode())
        for node in [node for node in self.nodes if node.op == "Constant"]:
            self.constants[node.outputs[0]] = node.get("value")
        self.nodes = [node for node in self.nodes if node.op != "Constant"]
        self.inputs = [name for name in self.inputs if name not in self.constants]

    def producer(self, name):
        return next((node for node in self.nodes if name in node.outputs), None)


OPS = {}


def op(function):
    OPS[function.__name__] = function
    return function


def pads(node, x, value=0.0):
    """ONNX pads both ends of each axis as it likes; PyTorch's convolutions only evenly."""
    given, automatic = node.get("pads"), node.get("auto_pad", "NOTSET")
    if automatic not in ("NOTSET", "VALID", ""):
        raise Unsupported(f"{node.op} {node.name} has auto_pad {automatic}")
    if not given or not any(given):
        return x, 0
    half = len(given) // 2
    if given[:half] == given[half:] and value == 0.0:
        return x, tuple(given[:half])
    return F.pad(x, [side for axis in reversed(range(half)) for side in (given[axis], given[half + axis])], value=value), 0


@op
def Conv(node, x, weight, bias=None):
    x, padding = pads(node, x)
    return F.conv2d(x, weight, bias, node.get("strides", [1, 1]), padding, node.get("dilations", [1, 1]), node.get("group", 1))


@op
def MaxPool(node, x):
    x, padding = pads(node, x, float("-inf")) if any(node.get("pads") or []) else (x, 0)
    return F.max_pool2d(x, node.get("kernel_shape"), node.get("strides", [1, 1]), padding, node.get("dilations", [1, 1]), bool(node.get("ceil_mode", 0)))


@op
def AveragePool(node, x):
    x, padding = pads(node, x)
    return F.avg_pool2d(x, node.get("kernel_shape"), node.get("strides", [1, 1]), padding, bool(node.get("ceil_mode", 0)), bool(node.get("count_include_pad", 0)))


@op
def Gemm(node, a, b, c=None):
    a, b = (a.t() if node.get("transA", 0) else a), (b.t() if node.get("transB", 0) else b)
    product = node.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + node.get("beta", 1.0) * c


@op
def Reshape(node, x, shape):
    sides = [int(side) for side in shape]
    # The number of pictures is not the graph's to fix.
    return x.reshape([x.shape[i] if side == 0 else side for i, side in enumerate(sides)] if sides[0] in (0, -1) else [x.shape[0]] + sides[1:])


@op
def Clip(node, x, low=None, high=None):
    low, high = node.get("min") if low is None else float(low), node.get("max") if high is None else float(high)
    return torch.clamp(x, low, high)


def axes(node, given):
    return [int(axis) for axis in (given if given is not None else node.get("axes"))]


OPS.update(
    Relu=lambda n, x: F.relu(x), LeakyRelu=lambda n, x: F.leaky_relu(x, n.get("alpha", 0.01)), Sigmoid=lambda n, x: torch.sigmoid(x), Tanh=lambda n, x: torch.tanh(x),
    HardSigmoid=lambda n, x: torch.clamp(x * n.get("alpha", 0.2) + n.get("beta", 0.5), 0, 1), HardSwish=lambda n, x: F.hardswish(x),
    Add=lambda n, a, b: a + b, Sub=lambda n, a, b: a - b, Mul=lambda n, a, b: a * b, Div=lambda n, a, b: a / b, MatMul=lambda n, a, b: a @ b,
    Concat=lambda n, *all: torch.cat(all, n.get("axis")), Flatten=lambda n, x: x.flatten(n.get("axis", 1)), Identity=lambda n, x: x, Dropout=lambda n, x, *rest: x,
    GlobalAveragePool=lambda n, x: x.mean((2, 3), keepdim=True), GlobalMaxPool=lambda n, x: x.amax((2, 3), keepdim=True),
    ReduceMean=lambda n, x, a=None: x.mean(axes(n, a), keepdim=bool(n.get("keepdims", 1))), ReduceMax=lambda n, x, a=None: x.amax(axes(n, a), keepdim=bool(n.get("keepdims", 1))),
    Softmax=lambda n, x: torch.softmax(x, n.get("axis", -1)), Transpose=lambda n, x: x.permute(n.get("perm")),
    Squeeze=lambda n, x, a=None: x.squeeze(axes(n, a)[0]) if len(axes(n, a)) == 1 else x.flatten(1), Unsqueeze=lambda n, x, a=None: x.unsqueeze(axes(n, a)[0]))


class GraphModule(nn.Module):
    """The part of a graph that some outputs are made of. Floating-point constants learn, but for the running means and variances of its normalisations."""

    def __init__(self, graph, outputs):
        super().__init__()
        needed, nodes = set(outputs), []
        for node in reversed(graph.nodes):
            if any(name in needed for name in node.outputs):
                if node.op not in OPS and node.op != "BatchNormalization":
                    raise Unsupported(f"it has the operator {node.op}")
                nodes.insert(0, node)
                needed.update(name for name in node.inputs if name)
        self.input, self.outputs, self.nodes, self.slots, self.fixed = graph.inputs[0], list(outputs), nodes, {}, {}
        running = {name for node in nodes if node.op == "BatchNormalization" for name in node.inputs[3:5]}
        for index, (name, value) in enumerate((name, value) for name, value in graph.constants.items() if name in needed):
            if not value.is_floating_point():
                self.fixed[name] = value
                continue
            self.slots[name] = slot = f"value{index}"
            if name in running or value.numel() == 1:
                self.register_buffer(slot, value.float())
            else:
                self.register_parameter(slot, nn.Parameter(value.float()))

    def freeze(self, until):
        """What leads up to the node of that name, or of that output, learns no more."""
        for node in self.nodes:
            for name in node.inputs:
                if name in self.slots:
                    getattr(self, self.slots[name]).requires_grad_(False)
            if until in (node.name, *node.outputs):
                return
        raise Unsupported(f"it has no node '{until}' to freeze at")

    def forward(self, images):
        values = {self.input: images, **self.fixed, **{name: getattr(self, slot) for name, slot in self.slots.items()}}
        for node in self.nodes:
            inputs = [values[name] if name else None for name in node.inputs]
            if node.op == "BatchNormalization":
                x, weight, bias, mean, variance = inputs
                values[node.outputs[0]] = F.batch_norm(x, mean, variance, weight, bias, self.training and weight.requires_grad, 0.1, node.get("epsilon", 1e-5))
            else:
                values[node.outputs[0]] = OPS[node.op](node, *inputs)
        return [values[name] for name in self.outputs]
