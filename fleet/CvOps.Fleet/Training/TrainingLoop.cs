using System.Collections.Concurrent;
using System.Threading.Channels;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Training;

/// <summary>
/// Starts the training runs that wait, the highest priority first, as many at once as the fleet allows. What a restart cut off goes on. A search takes no
/// place of its own: its trials do.
/// </summary>
internal sealed class TrainingLoop(Database database, IGrainFactory grains, TrainingTable table, TrainingRunner runner, TrainingSearchRunner searches, IOptions<FleetOptions> options)
    : BackgroundService
{
    private const string Duty = "training";
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    // A wake-up says only that there may be work; one that waits tells as much as ten.
    private readonly Channel<bool> _work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<string, Task> _active = new(StringComparer.Ordinal);
    private int _training;

    public void Wake() => _work.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // Of several fleets one trains; when it is gone, another finds its unfinished runs and goes on with them.
            while (!await database.HasDutyAsync(Duty, stoppingToken)) await Task.Delay(LookAgain, stoppingToken);
            await WhenReachedAsync(() => RecallAsync(stoppingToken), stoppingToken);
            Wake();
            _ = RemindAsync(stoppingToken);
            await foreach (var _ in _work.Reader.ReadAllAsync(stoppingToken)) await WhenReachedAsync(() => DispatchAsync(stoppingToken), stoppingToken);
        }
        finally
        {
            await Task.WhenAll(_active.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Runs that an earlier version kept as grains alone get their rows; folders of runs that are over go.</summary>
    private async Task RecallAsync(CancellationToken stopping)
    {
        var known = await table.IdsAsync(stopping);
        foreach (var id in await grains.GetGrain<ITrainingQueueGrain>(ITrainingQueueGrain.Key).List())
            if (!known.Contains(id) && await grains.GetGrain<ITrainingGrain>(id).Read() is { } run) await table.PutAsync(run, stopping);
        var folder = Path.Combine(options.Value.Data, "training");
        if (!Directory.Exists(folder)) return;
        var open = (await table.OpenAsync(stopping)).SelectMany(run => new[] { run.Id, run.Search }).ToHashSet(StringComparer.Ordinal);
        foreach (var left in Directory.EnumerateDirectories(folder))
        {
            var id = Path.GetFileName(left);
            // A trial that is over is needed as long as its search goes on.
            if (open.Contains(id) || (await grains.GetGrain<ITrainingGrain>(id).Read() is { Search: { } search } && open.Contains(search))) continue;
            Directory.Delete(left, recursive: true);
        }
    }

    private async Task DispatchAsync(CancellationToken stopping)
    {
        foreach (var row in await table.OpenAsync(stopping))
        {
            if (_active.ContainsKey(row.Id)) continue;
            var grain = grains.GetGrain<ITrainingGrain>(row.Id);
            if (await grain.Read() is not { } run) continue;
            // A crash between the grain and its row.
            if (run.State != row.State) await table.PutAsync(run, stopping);
            if (TrainingMachine.IsEnded(run.State)) continue;
            var isSearch = run.Request.Search is not null;
            if (!isSearch && run.State != TrainingState.Gating && Volatile.Read(ref _training) >= options.Value.TrainingRunsAtOnce) continue;
            if (run.State != TrainingState.Queued) run = await grain.Apply(new TrainingStep(TrainingEvent.FleetRestarted, "The fleet restarted; the run goes on."));
            Begin(run, isSearch, stopping);
        }
    }

    private void Begin(TrainingRunView run, bool isSearch, CancellationToken stopping)
    {
        if (!isSearch) Interlocked.Increment(ref _training);
        var task = Task.Run(() => isSearch ? searches.RunAsync(run, Wake, stopping) : runner.RunAsync(run, stopping), CancellationToken.None);
        _active[run.Id] = task;
        _ = task.ContinueWith(_ =>
        {
            if (!isSearch) Interlocked.Decrement(ref _training);
            _active.TryRemove(run.Id, out var _);
            Wake();
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>The silo of a grain may have died a moment ago: it is asked again until the grain is somewhere else.</summary>
    private static async Task WhenReachedAsync(Func<Task> work, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception e) when (e is OrleansMessageRejectionException or TimeoutException)
            {
                await Task.Delay(LookAgain, stopping);
            }
        }
    }

    /// <summary>Runs that were asked for at another fleet wake nobody here, and a run that failed for want of a grain is tried again.</summary>
    private async Task RemindAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(LookAgain);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping)) Wake();
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }
}
