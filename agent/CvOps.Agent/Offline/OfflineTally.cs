using CvOps.Agent.Inference;
using CvOps.Contracts.Packages;

namespace CvOps.Agent.Offline;

/// <summary>What a run came to. Filled on the thread that finishes frames; <see cref="Done"/> is read by any.</summary>
internal sealed class OfflineTally
{
    private readonly Dictionary<string, long> _classes = [];
    private long _done;

    /// <summary>Frames with a result, and pictures that could not be read.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>Pictures that could not be read.</summary>
    public long Unreadable { get; private set; }

    /// <summary>Frames the model gave no prediction for.</summary>
    public long Failed { get; private set; }

    public long Errors => Unreadable + Failed;

    public long Rejects { get; private set; }

    /// <summary>Why the first of <see cref="Errors"/> is one.</summary>
    public string? FirstError { get; private set; }

    public (string Name, StageTimes Times)[] Stages { get; } = [("waiting", new()), ("preprocessing", new()), ("inference", new()), ("decoding", new())];

    /// <summary>By falling count, then by name. Detectors: boxes; other models: frames.</summary>
    public IReadOnlyList<(string Class, long Count)> Classes =>
        [.. _classes.Select(pair => (pair.Key, pair.Value)).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal)];

    public void Add(in InspectedFrame inspected, string? file)
    {
        if (inspected.Error is { } error) Fail(file ?? $"frame {inspected.Frame.Number}", error);
        else Count(inspected);
        Stages[0].Times.Add(inspected.Timings.QueueMs);
        Stages[1].Times.Add(inspected.Timings.PreprocessMs);
        Stages[2].Times.Add(inspected.Timings.InferenceMs);
        Stages[3].Times.Add(inspected.Timings.DecodeMs);
        Interlocked.Increment(ref _done);
    }

    public void Add(FrameNote unreadable)
    {
        Unreadable++;
        FirstError ??= $"{unreadable.File}: {unreadable.Problem}";
        Interlocked.Increment(ref _done);
    }

    private void Fail(string frame, string error)
    {
        Failed++;
        FirstError ??= $"{frame}: {error}";
    }

    private void Count(in InspectedFrame inspected)
    {
        var prediction = inspected.Prediction;
        if (prediction.Reject) Rejects++;
        if (inspected.Model.Manifest.Task != ModelTask.Detection)
        {
            if (prediction.Class is { } top) Count(top);
            return;
        }
        foreach (var detection in prediction.Detections) Count(detection.Class);
    }

    private void Count(string name) => _classes[name] = _classes.GetValueOrDefault(name) + 1;
}
