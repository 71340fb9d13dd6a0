using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Preview;

/// <summary>Sends what somebody looks at, off the inference thread: as a sampled frame whose only reason is <see cref="Limits.PreviewRule"/>, which nobody keeps.</summary>
/// <param name="append">Puts a frame in the spool, which stamps its origin.</param>
internal sealed partial class PreviewLoop(PreviewDesk desk, Action<Func<Origin, SampledFrame>> append, TimeProvider time, ILogger<PreviewLoop> log) : BackgroundService
{
    private const int Quality = 70;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await desk.Ready.WaitAsync(stoppingToken);
                if (desk.Take() is { } frame) Send(frame);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private void Send(PreviewFrame frame)
    {
        try
        {
            var jpeg = JpegCodec.Encode(new PictureView(frame.Pixels, frame.SmallWidth, frame.SmallHeight, frame.Format, frame.Colour), Quality);
            append(origin => new SampledFrame
            {
                Origin = origin, FrameId = Guid.CreateVersion7(time.GetUtcNow()).ToString("N"), Camera = frame.Camera, Part = frame.Part, Frame = frame.Number, Connection = frame.Connection,
                CapturedAt = frame.CapturedAt, Model = frame.Model, Prediction = frame.Prediction, Reasons = [new SamplingReason(Limits.PreviewRule, 1)], Width = frame.Width, Height = frame.Height, Jpeg = jpeg,
            });
        }
        catch (Exception e) when (e is IOException or PictureException)
        {
            // A full disk or a picture that does not encode costs this glance.
            Log.NotShown(log, frame.Camera.Value, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1250, LogLevel.Warning, "A frame of camera {Camera} could not be shown: {Reason}")]
        public static partial void NotShown(ILogger logger, string camera, string reason);
    }
}
