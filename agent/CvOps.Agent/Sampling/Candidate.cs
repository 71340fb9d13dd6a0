using System.Buffers;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Sampling;

/// <summary>What picked a frame; several may.</summary>
[Flags]
internal enum Picks { None = 0, Audit = 1, Lot = 2, Score = 4 }

/// <summary>A frame that may be sent: a copy of its pixels and what was said of it. Whoever holds it disposes it.</summary>
internal sealed class Candidate : IDisposable
{
    private byte[]? _pixels;

    /// <param name="embedding">At length 1; copied.</param>
    public Candidate(in InspectedFrame inspected, in RuleScores scores, in FrameTrait trait, ReadOnlySpan<float> embedding)
    {
        var frame = inspected.Frame;
        var picture = inspected.Picture;
        (Camera, Part, Number, Connection, CapturedAt) = (inspected.Camera, inspected.Part, frame.Number, frame.Connection, frame.CapturedAt);
        (Model, Prediction, Shadow) = (inspected.Model.Ref, inspected.Prediction.Copy(), inspected.Shadow is { } shadow ? shadow with { Prediction = shadow.Prediction.Copy() } : null);
        (Scores, Trait, Embedding) = (scores, trait, embedding.ToArray());
        (Width, Height, Format, Colour) = (picture.Width, picture.Height, picture.Format, picture.Colour);
        Crop = CropRule.Of(Prediction, Width, Height);
        var size = PictureView.SizeOf(Width, Height, Format);
        _pixels = ArrayPool<byte>.Shared.Rent(size);
        picture.Data[..size].CopyTo(_pixels);
    }

    public CameraId Camera { get; }

    public string? Part { get; }

    public long Number { get; }

    public int Connection { get; }

    public DateTimeOffset CapturedAt { get; }

    public ModelRef Model { get; }

    public Prediction Prediction { get; }

    public ShadowPrediction? Shadow { get; }

    public RuleScores Scores { get; }

    public FrameTrait Trait { get; }

    public float[] Embedding { get; }

    public FrameCrop? Crop { get; }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Its place in the window, from 0.</summary>
    public long Order { get; init; }

    /// <summary>Its weight in the draw; 0 when it does not compete.</summary>
    public double Weight { get; init; }

    /// <summary>Probability with which the audit would have taken it; 0 when the audit had nothing left to spend.</summary>
    public double AuditProbability { get; init; }

    /// <summary>It took part in the lot of frames with two models at odds.</summary>
    public bool Discordant { get; init; }

    /// <summary>What holds it; nothing holds a candidate that is out of every race.</summary>
    public Picks Picks { get; set; }

    /// <summary>Probability with which it came to be kept, whatever picked it; set when its window ends, null where it can't be known.</summary>
    public double? Inclusion { get; set; }

    /// <summary>The rules that picked it or want it; set when its window ends.</summary>
    public IReadOnlyList<SamplingReason> Reasons { get; set; } = [];

    /// <summary>What pays for it.</summary>
    public BudgetEntry? Grant { get; set; }

    private PixelFormat Format { get; }

    private YuvColour Colour { get; }

    /// <summary>The copy; valid until disposed.</summary>
    public PictureView Picture => new(_pixels ?? throw new ObjectDisposedException(nameof(Candidate)), Width, Height, Format, Colour);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _pixels, null) is { } pixels) ArrayPool<byte>.Shared.Return(pixels);
    }
}
