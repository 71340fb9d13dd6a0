using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Drift;

/// <summary>
/// One camera under one model, being counted: block by block, so that when the newest block is another world than the ones before it, those are
/// reported without it and a new window begins with it.
/// </summary>
internal sealed class OpenWindow(CameraLane lane, ModelRef model, ReferenceProfile? profile)
{
    private readonly FrameCounts _counts = new(profile);
    private readonly StreamTally _stream = new(lane.Meter);
    private Span _window;
    private Span _block;

    public CameraId Camera { get; } = lane.Camera;

    public ModelRef Model { get; } = model;

    /// <summary>Frames counted, the block's among them.</summary>
    public long Frames => _window.Frames + _block.Frames;

    /// <summary>Frames of the newest block.</summary>
    public long BlockFrames => _block.Frames;

    /// <summary>When the first frame was counted, on the clock of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long Started => _window.Frames > 0 ? _window.Started : _block.Started;

    public long BlockStarted => _block.Started;

    /// <summary>Windows reported since the camera was new, or had changed.</summary>
    public int SinceChange { get; private set; }

    /// <summary>It has changed, and its first windows since then are not reported yet.</summary>
    public bool Changed { get; private set; }

    /// <summary>Not to be tried before, on the clock of <see cref="TimeProvider.GetTimestamp"/>: it did not fit the budget.</summary>
    public long? RetryAt { get; set; }

    public void Failed() => _stream.Failed();

    public void Add(in InspectedFrame inspected, long now, TimeSpan age)
    {
        _block = _block.With(inspected.Frame.CapturedAt, now);
        _counts.Add(inspected, _stream.Add(inspected, age));
    }

    /// <summary>Ends the block.</summary>
    /// <returns>True when it differs from what was before it and is not part of the window: report that, then <see cref="Change"/>.</returns>
    public bool EndBlock()
    {
        if (_window.Frames > 0 && _counts.BlockDiffers()) return true;
        TakeBlock();
        return false;
    }

    /// <summary>The block that differs is the beginning of a new window.</summary>
    public void Change()
    {
        _counts.Forget();
        (SinceChange, Changed, RetryAt) = (0, true, null);
    }

    public void TakeBlock()
    {
        _counts.TakeBlock();
        (_window, _block) = (_window.Add(_block), default);
    }

    /// <summary>The window without the block; at least one frame.</summary>
    public DriftWindow Message(Origin origin) => new()
    {
        Origin = origin, Camera = Camera, Model = Model, From = _window.From, To = _window.To, Frames = _window.Frames,
        Histograms = new Dictionary<string, HistogramCounts>(), Sketches = _counts.Sketches(), Classes = _counts.Classes(), Stream = _stream.Counts(),
    };

    /// <summary>The window has been reported: counting begins at nothing.</summary>
    public void Reported()
    {
        _counts.Reported();
        _stream.Reported();
        // The window after a change is the second: both have the whole budget.
        if (++SinceChange > 1) Changed = false;
        (_window, RetryAt) = (default, null);
    }

    private readonly record struct Span(long Frames, DateTimeOffset From, DateTimeOffset To, long Started)
    {
        /// <remarks>A clock that jumps back does not turn the window around.</remarks>
        public Span With(DateTimeOffset capturedAt, long now) => Frames == 0
            ? new Span(1, capturedAt, capturedAt, now)
            : this with { Frames = Frames + 1, From = capturedAt < From ? capturedAt : From, To = capturedAt > To ? capturedAt : To };

        public Span Add(Span later) => Frames == 0 ? later : later.Frames == 0 ? this
            : this with { Frames = Frames + later.Frames, From = later.From < From ? later.From : From, To = later.To > To ? later.To : To };
    }
}
