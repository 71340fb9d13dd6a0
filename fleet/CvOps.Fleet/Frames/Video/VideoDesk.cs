using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets.Formats.Files;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Frames.Video;

/// <summary>
/// Makes frames of a video: sampled at even steps, without those that show nearly what one before showed. All of it or nothing: pictures go to the blob store, where nobody sees them yet, and their rows into
/// the database in one transaction, so that a crash at any point leaves no frame behind. What was received lies in a folder that the next start removes.
/// </summary>
internal sealed class VideoDesk(Database database, BlobStore blobs, FleetEvents events, IOptions<FleetOptions> options, ImportLimits limits, TimeProvider time)
{
    private const int TellEvery = 10;
    private const int MostFrames = 20_000;

    /// <summary>Frames taken that a picture is held against; what a line showed thousands of pictures ago may come again.</summary>
    private const int Remembered = 512;

    /// <param name="upload">The file; read to its end.</param>
    /// <param name="tell">Hears how far it is.</param>
    public async Task<VideoReport> RunAsync(Stream upload, VideoRequest request, Action<VideoLine> tell, CancellationToken cancel)
    {
        // Beside the imports of datasets, whose clean-up at the start takes what a crash left.
        var folder = Directory.CreateDirectory(Path.Combine(options.Value.Data, "imports", Guid.NewGuid().ToString("N"))).FullName;
        try
        {
            var file = Path.Combine(folder, "video");
            if (await ReceiveAsync(upload, file, tell, cancel) is { } refusal) return new VideoReport { Problem = refusal };
            await using var decoder = VideoDecoder.Start(file, request.Every);
            if (decoder is null) return new VideoReport { Problem = "ffmpeg was not found on the fleet's PATH: apt-get install ffmpeg there." };
            return await ReadAsync(decoder, request, tell, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<string?> ReceiveAsync(Stream upload, string path, Action<VideoLine> tell, CancellationToken cancel)
    {
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        var buffer = new byte[1 << 17];
        var (total, told) = (0L, 0L);
        for (int read; (read = await upload.ReadAsync(buffer, cancel)) > 0;)
        {
            total += read;
            if (total > limits.UploadBytes) return $"The video is larger than {limits.UploadBytes} bytes: bring it in parts.";
            await file.WriteAsync(buffer.AsMemory(0, read), cancel);
            if (total - told < 16 << 20) continue;
            told = total;
            tell(new VideoLine("receiving", total, 0));
        }
        return total == 0 ? "The file is empty." : null;
    }

    private async Task<VideoReport> ReadAsync(VideoDecoder decoder, VideoRequest request, Action<VideoLine> tell, CancellationToken cancel)
    {
        var (taken, sketches) = (new List<(FrameView Frame, TimeSpan Offset)>(), new Queue<PictureSketch>());
        var (sampled, alike) = (0, 0);
        while (await decoder.NextAsync(cancel) is { } jpeg)
        {
            if (sampled % TellEvery == 0) tell(new VideoLine("reading", sampled, decoder.Words.Duration is { } length ? (long)(length / request.Every) + 1 : 0));
            var offset = request.Every * sampled++;
            if (request.Change > 0)
            {
                var sketch = PictureSketch.Of(jpeg);
                // The newest first: what repeats mostly repeats at once.
                if (sketches.Reverse().Any(before => sketch.IsNearly(before, request.Change)))
                {
                    alike++;
                    continue;
                }
                sketches.Enqueue(sketch);
                if (sketches.Count > Remembered) sketches.Dequeue();
            }
            if (taken.Count == MostFrames) return Report($"More than {MostFrames} pictures: take fewer with a longer 'every', or cut the video.");
            if (!JpegHeader.TryReadSize(jpeg, out var width, out var height)) throw new InvalidDataException("ffmpeg made a JPEG without a size.");
            taken.Add((FrameOf(request, blobs.Put(jpeg), width, height, offset), offset));
        }
        var exitCode = await decoder.EndAsync(cancel);
        string? damage = null;
        if (exitCode != 0 || decoder.Words.Complained || sampled == 0)
        {
            var cause = decoder.Words.Explain(exitCode);
            if (sampled == 0) return Report(cause);
            damage = $"The video is damaged; {sampled} pictures could be read, up to {request.Every * (sampled - 1):hh\\:mm\\:ss}. {cause}";
            if (!request.TakeDamaged) return Report($"{damage} Bring what can be read with --take-damaged.");
        }
        tell(new VideoLine("storing", taken.Count, taken.Count));
        var added = await StoreAsync(taken, request, decoder.Words.CreatedAt, cancel);
        return Report(damage) with { Added = added, Known = taken.Count - added, Written = true };

        VideoReport Report(string? problem) => new() { Sampled = sampled, NearIdentical = alike, Seconds = decoder.Words.Duration?.TotalSeconds, Problem = problem };
    }

    private static FrameView FrameOf(VideoRequest request, string image, int width, int height, TimeSpan offset) => new()
    {
        Id = $"import-{image[..24]}", Device = request.Device, Camera = request.Camera, Part = request.Part, CapturedAt = default, Reasons = [new SamplingReason("import", 1)], ImageDigest = image, Width = width, Height = height,
        State = LabelState.Unlabelled, Use = FrameUse.Training, Source = $"{request.Name} at {offset:hh\\:mm\\:ss\\.fff}",
    };

    private async Task<int> StoreAsync(List<(FrameView Frame, TimeSpan Offset)> taken, VideoRequest request, DateTimeOffset? created, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var begins = request.StartsAt ?? created ?? now;
        var added = await database.WriteAsync(connection =>
        {
            var count = taken.Count(each => FrameTable.Insert(connection, each.Frame with { CapturedAt = begins + each.Offset }, now));
            Audit.Add(connection, now, request.By, "frames.imported", $"{count} frames", $"video {request.Name}: {taken.Count} pictures, one every {request.Every}, near-identical ones left out");
            return count;
        }, cancel);
        if (added > 0) events.Publish("frame", taken[0].Frame.Id);
        return added;
    }
}
