
namespace CvOps.Fleet.Rollouts;

/// <summary>Wakes every rollout that was running when the fleet stopped; from then on each has its own clock.</summary>
internal sealed partial class RolloutResumeLoop(IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<RolloutResumeLoop> logger) : BackgroundService
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Download links need the address the server listens on.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        for (var wait = TimeSpan.FromSeconds(1); !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                await started.Task.WaitAsync(stoppingToken);
                foreach (var id in await grains.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key).List(running: true))
                    await grains.GetGrain<IRolloutGrain>(id).Tick();
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.ResumeFailed(logger, e);
            }
            await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3102, LogLevel.Warning, "Rollouts could not be resumed yet")]
        public static partial void ResumeFailed(ILogger logger, Exception exception);
    }
}
