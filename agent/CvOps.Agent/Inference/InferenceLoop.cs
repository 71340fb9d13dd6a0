using System.Globalization;
using CvOps.Agent.Capture;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;
using CvOps.Vision.PartCodes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Inference;

/// <summary>
/// Takes the frames of all cameras in turn, on a thread of its own: preprocess, infer, decode, ask the shadow about the same frame, measure,
/// read the part code, and hand the lot to the sinks. Without a model frames are taken and counted as dropped, so cameras stay live.
/// </summary>
internal sealed partial class InferenceLoop(FrameQueue queue, ModelSlots slots, IEnumerable<IInspectedFrameSink> sinks, TimeProvider time, ILogger<InferenceLoop> logger) : BackgroundService
{
    private static readonly Prediction Nothing = new();

    private readonly IInspectedFrameSink[] _sinks = [.. sinks];
    private long _framesTaken;

    /// <summary>Frames taken from the queue, inspected or not: what a watchdog looks at.</summary>
    public long FramesTaken => Interlocked.Read(ref _framesTaken);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Factory.StartNew(() => Run(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private void Run(CancellationToken stopping)
    {
        while (queue.Take(stopping) is { } frame)
        {
            using (frame)
            {
                Interlocked.Increment(ref _framesTaken);
                using var models = slots.Acquire();
                if (models.Active is null) frame.Lane.Meter.Dropped();
                else Inspect(frame, models.Active, models.Shadow);
            }
        }
    }

    internal void Inspect(Frame frame, LoadedModel active, LoadedModel? shadow)
    {
        var taken = time.GetTimestamp();
        var queueMs = Ms(frame.ReceivedTimestamp, taken);
        var (prediction, timings, error) = Infer(active, frame, queueMs);
        var other = shadow is null ? null : AskShadow(shadow, frame);
        var statistics = FrameStatistics.Measure(frame.Picture);
        var part = frame.Lane.Options.PartCode is { } code && PartCode.TryRead(frame.Picture, code.Region, out var serial) ? serial.ToString(CultureInfo.InvariantCulture) : null;
        frame.Lane.Meter.Inspected(Ms(frame.ReceivedTimestamp, time.GetTimestamp()), error is not null);
        if (error is not null) Log.InferenceFailed(logger, frame.Lane.Camera.Value, frame.Number, error);
        HandOver(new InspectedFrame(frame, active, prediction ?? Nothing, other, statistics, timings, part, error));
    }

    private (Prediction? Prediction, FrameTimings Timings, string? Error) Infer(LoadedModel model, Frame frame, double queueMs)
    {
        var started = time.GetTimestamp();
        var (prepared, inferred) = (started, started);
        Prediction? prediction = null;
        string? error;
        try
        {
            var plan = model.PlanFor(frame);
            plan.Fill(frame.Picture, model.Session.Input);
            prepared = inferred = time.GetTimestamp();
            model.Session.Run();
            inferred = time.GetTimestamp();
            _ = model.Session.TryDecode(plan, out prediction, out error);
        }
        catch (ModelException e)
        {
            error = e.Message;
        }
        return (prediction, new FrameTimings(queueMs, Ms(started, prepared), Ms(prepared, inferred), Ms(inferred, time.GetTimestamp())), error);
    }

    private ShadowPrediction? AskShadow(LoadedModel shadow, Frame frame)
    {
        var (prediction, _, error) = Infer(shadow, frame, 0);
        if (prediction is not null) return new ShadowPrediction(shadow.Ref, prediction);
        Log.ShadowFailed(logger, frame.Lane.Camera.Value, frame.Number, error ?? "");
        return null;
    }

    private void HandOver(in InspectedFrame inspected)
    {
        foreach (var sink in _sinks)
        {
            try
            {
                sink.Inspected(inspected);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // One sink's failure (a full disk, say) must not cost the others their frame, nor the line its inspection.
                Log.SinkFailed(logger, e, sink.GetType().Name, inspected.Camera.Value);
            }
        }
    }

    private double Ms(long from, long to) => time.GetElapsedTime(from, to).TotalMilliseconds;

    private static partial class Log
    {
        [LoggerMessage(1100, LogLevel.Warning, "Frame {Frame} of camera {Camera} has no prediction: {Reason}")]
        public static partial void InferenceFailed(ILogger logger, string camera, long frame, string reason);

        [LoggerMessage(1101, LogLevel.Warning, "The shadow has no prediction for frame {Frame} of camera {Camera}: {Reason}")]
        public static partial void ShadowFailed(ILogger logger, string camera, long frame, string reason);

        [LoggerMessage(1102, LogLevel.Error, "{Sink} failed on a frame of camera {Camera}")]
        public static partial void SinkFailed(ILogger logger, Exception exception, string sink, string camera);
    }
}
