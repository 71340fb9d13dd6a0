using CvOps.Contracts.Api;
using CvOps.Simulator.Drawing;
using CvOps.Simulator.Video;

namespace CvOps.Simulator.Lines;

/// <summary>What all lines of a run have in common.</summary>
/// <param name="DefectShare">0..1.</param>
internal sealed record LineOptions(int Width, int Height, int FramesPerSecond, ulong Seed, float DefectShare, string Ffmpeg);

/// <summary>One line: its condition, the truth of its parts, the clients of its stream.</summary>
internal sealed class Line(string name, LineOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private DriftRamp _ramp = DriftRamp.Still(LineCondition.New);

    public string Name { get; } = name;

    public LineOptions Options { get; } = options;

    public TruthLog Truth { get; } = new();

    public TsBroadcast Broadcast { get; } = new();

    /// <summary>Lamp, lens and product at this moment.</summary>
    public LineCondition Condition
    {
        get { lock (_lock) return _ramp.At(time.GetUtcNow()); }
    }

    /// <exception cref="SimulatorException">A value is out of range.</exception>
    public LineView Drift(LineDriftRequest request)
    {
        if (!(request.RampSeconds is >= 0 and <= 86_400)) throw new SimulatorException($"rampSeconds must be 0 to 86400.");
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var from = _ramp.At(now);
            // What is not named goes where it was going anyway.
            _ramp = new DriftRamp(from, _ramp.To.With(request.Lamp, request.Blur, request.Product), now, TimeSpan.FromSeconds(request.RampSeconds));
        }

        return View();
    }

    public LineView View()
    {
        var now = time.GetUtcNow();
        var code = LinePicture.CodeRegion(Options.Width, Options.Height);
        DriftRamp ramp;
        lock (_lock) ramp = _ramp;
        var condition = ramp.At(now);
        return new LineView(
            Name, $"/lines/{Name}/video", Options.Width, Options.Height, Options.FramesPerSecond, Truth.Newest, condition.Lamp, condition.Blur, condition.Product.Name,
            ramp.IsRamping(now), new LineCode(code.X, code.Y, code.Width, code.Height), Broadcast.Clients, Broadcast.Dropped);
    }
}
