#!/usr/bin/python3
"""Trains a whole classifier or detector. Started by `cvops-trainer torch`, which has laid the pictures out as tensors (job.json); speaks as fleet/TRAINERS.md has it."""
import argparse, json, math, os, signal, sys
try:
    import numpy as np, torch
except ImportError as missing:
    print(json.dumps({"event": "failed", "message": f"PyTorch is not installed for {sys.executable} ({missing}): install Debian's python3-torch (.ci/setup train does), or name another interpreter in CVOPS_PYTHON."}), flush=True)
    sys.exit(1)

import classifier, detector
from failure import Failed

DEFAULTS = {"epochs": 30, "batch": 32, "rate": 1e-3, "decay": 1e-4, "init": "parent", "validation": 0.15, "threads": 0, "freeze": "", "augment": True, "classes": "parent"}
TOLERANCE = 1e-3


def emit(event, **more):
    print(json.dumps({"event": event, **{name: value for name, value in more.items() if value is not None}}), flush=True)


def say(text):
    print(text, file=sys.stderr, flush=True)


def read_parameters(path):
    with open(path) as file:
        given = json.load(file)
    unknown = [name for name in given if name not in DEFAULTS]
    if unknown:
        raise Failed(f"The torch trainer does not know {', '.join(unknown)}; it knows {', '.join(DEFAULTS)}.")
    parameters = {**DEFAULTS, **given}
    for name, low, high in (("epochs", 1, 10000), ("batch", 1, 4096), ("rate", 1e-8, 10), ("decay", 0, 10), ("validation", 0, 0.9), ("threads", 0, 1024)):
        value = parameters[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise Failed(f"{name} is {value!r}; it must be a number from {low} to {high}.")
    for name in ("epochs", "batch", "threads"):
        parameters[name] = int(parameters[name])
    if parameters["init"] not in ("parent", "scratch"):
        raise Failed(f"init is {parameters['init']!r}; it must be parent or scratch.")
    return parameters


def save(path, state):
    torch.save(state, path + ".partial")
    with open(path + ".partial", "rb") as file:
        os.fsync(file.fileno())
    os.replace(path + ".partial", path)


def rate_at(parameters, epoch):
    """Rises for a tenth of the run, then falls as a cosine. Of the epoch alone, so that an attempt that goes on needs no memory."""
    total = parameters["epochs"]
    warm = max(1.0, total / 10)
    share = (epoch + 1) / warm if epoch < warm else 0.5 * (1 + math.cos(math.pi * (epoch - warm) / max(1.0, total - warm)))
    return parameters["rate"] * max(share, 0.01)


def refresh(task, network, parameters, device):
    """Means and variances of the normalisations as they are under the present weights: the running ones lag behind fast learning on few pictures."""
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    if not norms:
        return
    network.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    with torch.no_grad():
        for chosen in task.learn[:16 * parameters["batch"]].split(parameters["batch"]):
            network(task.tensor(chosen).to(device))
    for norm in norms:
        norm.momentum = 0.1


def train(job, task, network, parameters, options, device):
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    solver = torch.optim.AdamW(learning, lr=parameters["rate"], weight_decay=parameters["decay"])
    checkpoint = os.path.join(options.checkpoints, "torch.pt")
    begin, best, best_score = 0, None, -math.inf
    if options.resume and os.path.exists(checkpoint):
        state = torch.load(checkpoint, map_location=device)
        network.load_state_dict(state["network"])
        solver.load_state_dict(state["solver"])
        torch.set_rng_state(state["random"])
        begin, best, best_score = state["epoch"] + 1, state["best"], state["score"]
        say(f"Going on behind epoch {begin}.")
    for epoch in range(begin, parameters["epochs"]):
        for group in solver.param_groups:
            group["lr"] = rate_at(parameters, epoch)
        network.train()
        total, count = 0.0, 0
        order = task.learn[torch.randperm(len(task.learn))]
        for chosen in order.split(parameters["batch"]):
            if len(chosen) < 2 and len(order) > 1:
                continue
            loss = task.loss(network, chosen, parameters["augment"], device)
            if not torch.isfinite(loss):
                raise Failed(f"The loss became {loss.item()} in epoch {epoch}: a smaller rate than {parameters['rate']} may help.")
            solver.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learning, 5.0)
            solver.step()
            total, count = total + loss.item() * len(chosen), count + len(chosen)
        refresh(task, network, parameters, device)
        network.eval()
        metrics, score = task.measure(network, device)
        if score >= best_score:
            best, best_score = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}, score
        emit("progress", step=epoch, of=parameters["epochs"], loss=total / max(count, 1), metrics=metrics)
        save(checkpoint, {"network": network.state_dict(), "solver": solver.state_dict(), "random": torch.get_rng_state(), "epoch": epoch, "best": best, "score": best_score})
        emit("checkpoint", step=epoch)
    if best is not None:
        network.load_state_dict(best)
    return begin


def export(job, task, network, options):
    """The model with its golden vectors: what the network says before the export, to inputs of the dataset."""
    network = network.cpu().eval()
    exported = task.exported(network).eval()
    os.makedirs(options.out, exist_ok=True)
    names = task.output_names()
    vectors = []
    with torch.no_grad():
        for index in range(min(4, len(task.images))):
            image = task.tensor(torch.tensor([index]))
            image.numpy().astype("<f4").tofile(os.path.join(options.out, f"{index}.input.f32"))
            outputs = []
            for name, value in zip(names, exported(image)):
                if not torch.isfinite(value).all():
                    raise Failed(f"The network's output '{name}' is not finite.")
                value.numpy().astype("<f4").tofile(os.path.join(options.out, f"{index}.{name}.f32"))
                outputs.append({"name": name, "file": f"{index}.{name}.f32"})
            vectors.append({"input": f"{index}.input.f32", "outputs": outputs})
    path = os.path.join(options.out, "model.onnx")
    torch.onnx.export(
        exported, torch.zeros(1, *job["shape"][1:]), path + ".partial", opset_version=13, input_names=[job["input"]], output_names=names,
        dynamic_axes={name: {0: "N"} for name in [job["input"], *names]} if task.dynamic else None)
    for name, content in (("golden.json", {"tolerance": TOLERANCE, "vectors": vectors}), ("manifest.json", {**job["manifest"], **task.manifest()})):
        with open(os.path.join(options.out, name), "w") as file:
            json.dump(content, file)
    os.replace(path + ".partial", path)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("--job", "--out", "--parameters", "--checkpoints"):
        arguments.add_argument(name, required=True)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--resume", action="store_true")
    options = arguments.parse_args()
    with open(options.job) as file:
        job = json.load(file)
    parameters = read_parameters(options.parameters)
    if parameters["threads"]:
        torch.set_num_threads(parameters["threads"])
    torch.manual_seed(options.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    os.makedirs(options.checkpoints, exist_ok=True)
    task = (detector.Task if job["task"] == "Detection" else classifier.Task)(job, parameters, options.seed)
    network, origin = task.build(say)
    emit("environment", environment={
        "trainer": f"cvops-trainer torch {job['version']}", "python": sys.version.split()[0], "torch": torch.__version__, "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "threads": str(torch.get_num_threads()), "init": origin})
    network.to(device)
    train(job, task, network, parameters, options, device)
    network.eval()
    emit("metrics", metrics=task.final(network, device))
    export(job, task, network, options)
    emit("done", message=os.path.join(options.out, "model.onnx"))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except Failed as reason:
        emit("failed", message=str(reason))
        sys.exit(1)
