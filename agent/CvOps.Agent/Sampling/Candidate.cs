using System.Buffers;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Sampling;

/// <summary>A frame that may be sent: a copy of its pixels and what was said of it. Whoever holds it disposes it.</summary>
internal sealed class Candidate : IDisposable
{
    private byte[]? _pixels;

    public Candidate(in InspectedFrame inspected, SamplingPurse purse, SamplingReason reason, double? inclusion)
    {
        var frame = inspected.Frame;
        var picture = inspected.Picture;
        (Camera, Part, Number, Connection, CapturedAt) = (inspected.Camera, inspected.Part, frame.Number, frame.Connection, frame.CapturedAt);
        (Model, Prediction, Shadow) = (inspected.Model.Ref, inspected.Prediction.Copy(), inspected.Shadow is { } shadow ? shadow with { Prediction = shadow.Prediction.Copy() } : null);
        (Purse, Reason, Inclusion) = (purse, reason, inclusion);
        (Width, Height, Format, Colour) = (picture.Width, picture.Height, picture.Format, picture.Colour);
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

    public SamplingPurse Purse { get; }

    public SamplingReason Reason { get; }

    /// <summary>Probability with which the rule kept it; null where it cannot know.</summary>
    public double? Inclusion { get; }

    public int Width { get; }

    public int Height { get; }

    private PixelFormat Format { get; }

    private YuvColour Colour { get; }

    /// <summary>The copy; valid until disposed.</summary>
    public PictureView Picture => new(_pixels ?? throw new ObjectDisposedException(nameof(Candidate)), Width, Height, Format, Colour);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _pixels, null) is { } pixels) ArrayPool<byte>.Shared.Return(pixels);
    }
}
