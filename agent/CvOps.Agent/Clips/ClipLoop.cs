using System.Diagnostics;
using System.Threading.Channels;
using CvOps.Agent.Capture;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Observability.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Clips;

/// <summary>
/// Keeps the video around each reject: the ring's segments that overlap it, joined by ffmpeg without encoding anything again. The inference
/// thread only notes the time.
/// </summary>
internal sealed partial class ClipLoop(ClipOptions options, EncodedRing ring, ClipStore store, FfmpegPrograms programs, TimeProvider time, ILogger<ClipLoop> logger) : BackgroundService, IInspectedFrameSink, IMetricsSource
{
    private const int NotedAtMost = 256;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    // Longest wait for the key frame that closes the last segment.
    private static readonly TimeSpan CloseDeadline = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan JoinDeadline = TimeSpan.FromSeconds(30);

    // Rejects beyond it are left out: the clip that is due shows them anyway.
    private readonly Channel<(CameraId Camera, int Connection, DateTimeOffset At)> _noted =
        Channel.CreateBounded<(CameraId, int, DateTimeOffset)>(new BoundedChannelOptions(NotedAtMost) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly ClipPlan _plan = new(options);
    private long _kept, _failed;

    public void Inspected(in InspectedFrame inspected)
    {
        if (inspected.Error is not null || !inspected.Prediction.Reject) return;
        var frame = inspected.Frame;
        // What the camera encoded can't be masked.
        if (frame.Lane.Options.PrivacyMasks.Count > 0) return;
        Note(inspected.Camera, frame.Connection, time.GetUtcNow() - time.GetElapsedTime(frame.ReceivedTimestamp));
    }

    /// <summary>A frame that came at this time was rejected.</summary>
    internal void Note(CameraId camera, int connection, DateTimeOffset at) => _noted.Writer.TryWrite((camera, connection, at));

    public void Write(MetricPage page)
    {
        page.Add(AgentMetrics.ClipsKept, Interlocked.Read(ref _kept));
        page.Add(AgentMetrics.ClipsFailed, Interlocked.Read(ref _failed));
        page.Add(AgentMetrics.ClipsEvicted, store.Evicted);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                while (_noted.Reader.TryRead(out var reject)) _plan.Add(reject.Camera, reject.Connection, reject.At);
                try
                {
                    foreach (var clip in _plan.TakeDue(IsDue)) await KeepAsync(clip, stoppingToken);
                    ring.Trim(time.GetUtcNow());
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    Log.ClipFailed(logger, e.Message);
                    Interlocked.Increment(ref _failed);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    /// <summary>When the segments that show it are complete, or will not be.</summary>
    private bool IsDue(PlannedClip clip)
    {
        var now = time.GetUtcNow();
        if (now < clip.To) return false;
        return now > clip.To + CloseDeadline || ring.Segments(clip.Camera).Any(segment => segment.Connection > clip.Connection || (segment.Connection == clip.Connection && segment.Closed && segment.To >= clip.To));
    }

    private async Task KeepAsync(PlannedClip clip, CancellationToken cancellationToken)
    {
        RingSegment[] segments = [.. ring.Segments(clip.Camera).Where(segment => segment.Connection == clip.Connection && segment.To >= clip.From && segment.From <= clip.To)];
        if (segments.Length == 0 || programs.Ffmpeg is not { } ffmpeg)
        {
            Log.ClipFailed(logger, $"camera {clip.Camera} has no video of {clip.From:O} in its ring");
            Interlocked.Increment(ref _failed);
            return;
        }
        var path = store.PathFor(clip.Camera, clip.From);
        var (list, part) = (path + ".list", path + ".part");
        await File.WriteAllLinesAsync(list, segments.Select(segment => $"file '{segment.Path.Replace("'", @"'\''", StringComparison.Ordinal)}'"), cancellationToken);
        try
        {
            var error = await JoinAsync(ffmpeg, list, part, cancellationToken);
            if (error is null)
            {
                File.Move(part, path, overwrite: true);
                Interlocked.Increment(ref _kept);
                Log.ClipKept(logger, path, clip.Rejects);
                if (store.Evict() is > 0 and var evicted) Log.ClipsEvicted(logger, evicted, options.BudgetMegabytes);
            }
            else
            {
                Log.ClipFailed(logger, error);
                Interlocked.Increment(ref _failed);
            }
        }
        finally
        {
            File.Delete(list);
            File.Delete(part);
        }
    }

    /// <returns>Null when all went well; else what ffmpeg said.</returns>
    private async Task<string?> JoinAsync(string ffmpeg, string list, string target, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(ffmpeg, ["-hide_banner", "-loglevel", "error", "-nostdin", "-f", "concat", "-safe", "0", "-i", list, "-map", "0", "-c", "copy", "-f", "matroska", "-y", target]) { RedirectStandardError = true };
        using var child = Process.Start(start)!;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(_ => patience.Cancel(), null, JoinDeadline, Timeout.InfiniteTimeSpan);
        try
        {
            var said = await child.StandardError.ReadToEndAsync(patience.Token);
            await child.WaitForExitAsync(patience.Token);
            return child.ExitCode == 0 ? null : $"ffmpeg could not join a clip: {said.Trim()}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"ffmpeg did not join a clip within {JoinDeadline.TotalSeconds:0} s";
        }
        finally
        {
            if (!child.HasExited) child.Kill();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1020, LogLevel.Information, "Clip kept: {Path}, {Rejects} rejects")]
        public static partial void ClipKept(ILogger logger, string path, int rejects);

        [LoggerMessage(1021, LogLevel.Warning, "A clip was not kept: {Reason}")]
        public static partial void ClipFailed(ILogger logger, string reason);

        [LoggerMessage(1022, LogLevel.Information, "{Clips} old clips removed to keep within {BudgetMegabytes} MB")]
        public static partial void ClipsEvicted(ILogger logger, int clips, int budgetMegabytes);
    }
}
