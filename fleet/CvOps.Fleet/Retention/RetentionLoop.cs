using CvOps.Fleet.Retention.Erasure;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Retention;

/// <summary>Looks every hour, and once soon after a start, what the policy lets go.</summary>
internal sealed partial class RetentionLoop(RetentionDesk desk, FrameErasure erasure, Database database, TimeProvider time, ILogger<RetentionLoop> log) : BackgroundService
{
    /// <summary>Who the audit log says it was.</summary>
    public const string Name = "retention";

    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            for (var rest = Soon; ; rest = Every)
            {
                await Task.Delay(rest, time, stoppingToken);
                try
                {
                    await erasure.ForgetCopiesAsync(stoppingToken);
                    if (!await database.HasDutyAsync(Name, stoppingToken)) continue;
                    var run = await desk.RunAsync(Name, stoppingToken);
                    if (run.Rows > 0) Log.Retained(log, run.Rows, run.FramesByAge + run.FramesByValue);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    Log.RetentionFailed(log, e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next start goes on.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2651, Level = LogLevel.Information, Message = "The retention policy let {Rows} rows go, {Frames} of them frames")]
        public static partial void Retained(ILogger logger, long rows, long frames);

        [LoggerMessage(EventId = 2652, Level = LogLevel.Error, Message = "What is too old could not be taken away; it is tried again in an hour")]
        public static partial void RetentionFailed(ILogger logger, Exception exception);
    }
}
