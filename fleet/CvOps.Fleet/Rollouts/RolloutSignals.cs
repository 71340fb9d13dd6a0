using System.Threading.Channels;

namespace CvOps.Fleet.Rollouts;

/// <summary>
/// Which rollouts have something new to judge. The ingest marks them after its commit and goes on: no report waits for a grain, and many batches make one
/// judgement. A mark that is lost with the process is made up for by the first tick after the start.
/// </summary>
internal sealed class RolloutSignals
{
    private readonly HashSet<string> _marked = [];
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Mark(IReadOnlyCollection<string> rollouts)
    {
        if (rollouts.Count == 0) return;
        lock (_marked) _marked.UnionWith(rollouts);
        _wake.Writer.TryWrite(true);
    }

    /// <returns>Every rollout that was marked since the last call; waits for one.</returns>
    public async Task<string[]> TakeAsync(CancellationToken cancel)
    {
        while (true)
        {
            await _wake.Reader.ReadAsync(cancel);
            lock (_marked)
            {
                if (_marked.Count == 0) continue;
                string[] taken = [.. _marked];
                _marked.Clear();
                return taken;
            }
        }
    }
}

/// <summary>Has each rollout judge what came in, one judgement at a time and rollout.</summary>
internal sealed partial class RolloutJudgeLoop(RolloutSignals signals, IGrainFactory grains, TimeProvider time, ILogger<RolloutJudgeLoop> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var marked = await signals.TakeAsync(stoppingToken);
                try
                {
                    await Task.WhenAll(marked.Select(id => grains.GetGrain<IRolloutGrain>(id).Judge()));
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    Log.JudgeFailed(log, e);
                    await Task.Delay(Pause, time, stoppingToken);
                    signals.Mark(marked);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3103, LogLevel.Warning, "A rollout could not be judged yet; it is tried again")]
        public static partial void JudgeFailed(ILogger logger, Exception exception);
    }
}
