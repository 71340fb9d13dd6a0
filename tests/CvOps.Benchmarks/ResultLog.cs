using System.Diagnostics;
using CvOps.Agent.Capture;
using CvOps.Agent.Inference;

namespace CvOps.Benchmarks;

/// <summary>A frame's result, as it reached the last sink.</summary>
/// <param name="At">On the clock of <see cref="Stopwatch.GetTimestamp"/>.</param>
/// <param name="Model">Digest of the model that gave it.</param>
/// <param name="Failed">The model in charge gave none; the warm one did.</param>
/// <param name="StandInMs">What asking the warm one took then.</param>
internal readonly record struct Result(long At, int Camera, long Number, string Model, bool Failed, double StandInMs);

/// <summary>Remembers every result, in memory set aside before.</summary>
internal sealed class ResultLog(CameraLane[] lanes, int capacity) : IInspectedFrameSink
{
    private readonly Result[] _results = new Result[capacity];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public ReadOnlySpan<Result> Results => _results.AsSpan(0, Count);

    /// <summary>As an ejector.</summary>
    public bool BeforeChallenger => true;

    public void Inspected(in InspectedFrame inspected)
    {
        var camera = Array.IndexOf(lanes, inspected.Frame.Lane);
        if (camera < 0) return;
        var (at, number) = (_count % capacity, inspected.Frame.Number);
        var failed = inspected.Failed is not null;
        _results[at] = new Result(Stopwatch.GetTimestamp(), camera, number, inspected.Model.Ref.Digest, failed, failed ? inspected.Timings.PreprocessMs + inspected.Timings.InferenceMs + inspected.Timings.DecodeMs : 0);
        Volatile.Write(ref _count, _count + 1);
    }
}
