using System.Diagnostics;
using System.Runtime.InteropServices;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets.Quality.Similar;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Datasets.Quality.Pictures;

/// <summary>
/// Looks once at every picture that comes, of new frames within a moment, and keeps the similarity index. It follows the rows of <c>frames</c>, so a crash costs
/// nothing: what was looked at is in the database, the index is read from there. It takes at most half of one core, for devices come first.
/// </summary>
internal sealed partial class PictureLoop(
    Database database, BlobStore blobs, EmbeddingSpaces spaces, FrameIndex frames, PicturePace pace, FleetEvents events, TimeProvider time, ILogger<PictureLoop> log) : BackgroundService
{
    private const int FramesTogether = 4096;
    private const int PicturesTogether = 16;
    private const string Duty = "pictures";
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(15);

    private EmbeddingSpace? _space;
    private SimilarityIndex _index = new();
    private long _row;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var subscription = events.Subscribe();
        try
        {
            while (true)
            {
                var wait = Look;
                try
                {
                    await ChooseAsync(stoppingToken);
                    while (await StepAsync(_space!, stoppingToken)) { }
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    Log.LookFailed(log, e);
                    wait = Rest;
                }
                await HintAsync(subscription, wait, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        finally
        {
            _space?.Dispose();
        }
    }

    private async Task ChooseAsync(CancellationToken cancel)
    {
        var space = await spaces.ChooseAsync(_space, cancel);
        if (space == _space) return;
        _space?.Dispose();
        _space = space;
        (_index, _row) = (frames.Begin(space.Name), 0);
        Log.SpaceChosen(log, space.Name);
    }

    /// <returns>False when there is nothing more to do now.</returns>
    private async Task<bool> StepAsync(EmbeddingSpace space, CancellationToken cancel)
    {
        var batch = await database.ReadAsync(connection => PictureTable.FramesAfter(connection, _row, space.Name, FramesTogether), cancel);
        foreach (var frame in batch)
        {
            if (!frame.Known)
            {
                // Whoever has the duty looks at the pictures; the others find what it saw.
                if (!await database.HasDutyAsync(Duty, cancel)) return false;
                await DescribeAsync(space, [.. batch.Where(it => !it.Known && it.Row >= frame.Row).Select(it => it.Image).Distinct().Take(PicturesTogether)], cancel);
                return true;
            }
            if (frame.Code is { } code) _index.Add(frame.Row, MemoryMarshal.Cast<byte, sbyte>(code));
            _row = frame.Row;
        }
        return batch.Count == FramesTogether;
    }

    private async Task DescribeAsync(EmbeddingSpace space, IReadOnlyCollection<string> images, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var traits = new List<PictureTrait>(images.Count);
        foreach (var image in images)
        {
            cancel.ThrowIfCancellationRequested();
            traits.Add(blobs.TryFind(image) is { } file ? await Task.Run(() => space.Describe(image, File.ReadAllBytes(file)), cancel) : new PictureTrait(image, "The picture's file is gone."));
        }
        await database.WriteAsync(connection => PictureTable.Write(connection, space.Name, traits), cancel);
        if (!pace.IsHurried) await Task.Delay(Stopwatch.GetElapsedTime(started), TimeProvider.System, cancel);
    }

    /// <summary>Waits for a frame or a model, or for the next look.</summary>
    private async Task HintAsync(FleetEvents.Subscription subscription, TimeSpan wait, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var timer = Task.Delay(wait, time, end.Token);
        while (!timer.IsCompleted)
        {
            var hint = subscription.Hints.WaitToReadAsync(end.Token).AsTask();
            if (await Task.WhenAny(timer, hint) == timer) break;
            var meant = false;
            while (subscription.Hints.TryRead(out var told)) meant |= told.Kind is "frame" or "model";
            if (meant) break;
        }
        await end.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2601, Level = LogLevel.Information, Message = "Frames are compared by the embeddings of {Space}")]
        public static partial void SpaceChosen(ILogger logger, string space);

        [LoggerMessage(EventId = 2602, Level = LogLevel.Error, Message = "Pictures could not be looked at; they are tried again")]
        public static partial void LookFailed(ILogger logger, Exception exception);
    }
}
