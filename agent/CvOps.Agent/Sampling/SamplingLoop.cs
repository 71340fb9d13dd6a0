using CvOps.Agent.Configuration.Remote;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Sampling;

/// <summary>Takes picked frames off the inference thread: encodes, pays, and puts them on disk for the link.</summary>
/// <param name="append">Puts a frame in the spool, which stamps its origin.</param>
internal sealed partial class SamplingLoop(
    Setting<SamplingOptions> options, FrameSampler sampler, SamplingBudget budget, Action<Func<Origin, SampledFrame>> append, TimeProvider time, ILogger<SamplingLoop> logger) : BackgroundService
{
    private const int QualityStep = 20;
    private const int LeastQuality = 30;

    // Base64 takes 4 bytes for 3, and the rest of the message its share.
    private const int LargestJpeg = (Limits.MessageBytes / 4 * 3) - (64 * 1024);

    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);

    private long _sent;

    /// <summary>Frames put in the spool.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var ticks = time.CreateTimer(_ => sampler.Tick(), null, TickEvery, TickEvery);
        try
        {
            await foreach (var candidate in sampler.Kept.ReadAllAsync(stoppingToken)) Take(candidate);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private void Take(Candidate candidate)
    {
        using (candidate)
        {
            try
            {
                if (candidate.Grant is not { } grant) return;
                if (Encode(candidate, budget.BytesLeft(grant)) is not { } jpeg)
                {
                    Log.FrameTooLarge(logger, candidate.Camera.Value, candidate.Width, candidate.Height);
                    return;
                }

                // Paid before it is sent: a crash in between costs a frame of the budget, never one above it.
                if (!budget.Settle(grant, jpeg.Length)) return;
                append(origin => Message(candidate, jpeg, origin));
                Interlocked.Increment(ref _sent);
            }
            catch (Exception e) when (e is IOException or PictureException)
            {
                // A full disk or a picture that does not encode costs this frame, not the line.
                Log.FrameLost(logger, e, candidate.Camera.Value);
            }
        }
    }

    private byte[]? Encode(Candidate candidate, long most)
    {
        for (var quality = options.Now.JpegQuality; quality >= LeastQuality; quality -= QualityStep)
        {
            var jpeg = JpegCodec.Encode(candidate.Picture, quality);
            if (jpeg.Length <= Math.Min(LargestJpeg, most)) return jpeg;
        }

        return null;
    }

    private SampledFrame Message(Candidate candidate, byte[] jpeg, Origin origin) => new()
    {
        Origin = origin,
        FrameId = Guid.CreateVersion7(time.GetUtcNow()).ToString("N"),
        Camera = candidate.Camera,
        Part = candidate.Part,
        Frame = candidate.Number,
        Connection = candidate.Connection,
        CapturedAt = candidate.CapturedAt,
        Model = candidate.Model,
        Prediction = candidate.Prediction,
        Shadow = candidate.Shadow,
        Reasons = candidate.Reasons,
        InclusionProbability = candidate.Inclusion,
        Width = candidate.Width,
        Height = candidate.Height,
        Crop = candidate.Crop,
        Jpeg = jpeg,
    };

    private static partial class Log
    {
        [LoggerMessage(1210, LogLevel.Warning, "A frame of camera {Camera} ({Width} x {Height}) is too large for a message or for what the budget has left, even at the lowest JPEG quality")]
        public static partial void FrameTooLarge(ILogger logger, string camera, int width, int height);

        [LoggerMessage(1211, LogLevel.Warning, "A picked frame of camera {Camera} is lost")]
        public static partial void FrameLost(ILogger logger, Exception exception, string camera);
    }
}
