using System.Threading.Channels;

namespace CvOps.Fleet.Datasets.Quality;

/// <summary>What waits for a check: each snapshot that was frozen, and all frames after an import. Of more than it holds the oldest are left out; a person can ask for them.</summary>
internal sealed class QualityQueue
{
    private const int Most = 64;

    private readonly Channel<string> _asked = Channel.CreateBounded<string>(new BoundedChannelOptions(Most) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <param name="dataset">Digest of a snapshot; null for all frames.</param>
    public void Ask(string? dataset) => _asked.Writer.TryWrite(dataset ?? "");

    /// <summary>Waits for the next; what was asked for several times meanwhile comes once.</summary>
    public async Task<IReadOnlyCollection<string>> NextAsync(CancellationToken cancel)
    {
        var asked = new List<string> { await _asked.Reader.ReadAsync(cancel) };
        while (_asked.Reader.TryRead(out var more)) asked.Add(more);
        return [.. asked.Distinct()];
    }
}

/// <summary>Runs the checks that nobody waits for.</summary>
internal sealed partial class QualityLoop(QualityQueue queue, QualityDesk desk, ILogger<QualityLoop> log) : BackgroundService
{
    /// <summary>Of more a part is looked at; all when somebody asks for it.</summary>
    private const int MostFrames = 100_000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                foreach (var dataset in await queue.NextAsync(stoppingToken)) await CheckAsync(dataset, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task CheckAsync(string dataset, CancellationToken cancel)
    {
        var what = dataset.Length == 0 ? "all frames" : dataset;
        try
        {
            if (await desk.CheckAsync(dataset.Length == 0 ? null : dataset, (_, _, _) => { }, cancel, MostFrames) is not { } report) return;
            var open = report.Kinds.Sum(kind => kind.Open);
            Log.Checked(log, report.Frames, what, open);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            Log.CheckFailed(log, what, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2611, Level = LogLevel.Information, Message = "{Frames} frames of {What} were checked: {Findings} findings")]
        public static partial void Checked(ILogger logger, int frames, string what, int findings);

        [LoggerMessage(EventId = 2612, Level = LogLevel.Warning, Message = "The check of {What} failed; 'cvops dataset check' runs it again")]
        public static partial void CheckFailed(ILogger logger, string what, Exception exception);
    }
}
