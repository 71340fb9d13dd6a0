using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Files;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Retention.Erasure;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Datasets.Formats.Export;

/// <summary>A snapshot in a format of other programs, a picture at a time.</summary>
internal sealed class ExportDesk(Database database, BlobStore blobs)
{
    private const int Together = 256;

    /// <summary>What the export will bring, and what its format has no room for.</summary>
    /// <param name="use">Which frames; null for all.</param>
    /// <returns>Null when there is no such snapshot.</returns>
    public async Task<ExportCheck?> CheckAsync(string digest, DatasetFormat format, FrameUse? use, CancellationToken cancel)
    {
        if (await FindAsync(digest, cancel) is not { } view) return null;
        var gone = await database.ReadAsync(ErasureTable.Pictures, cancel);
        return await Task.Run(() =>
        {
            var findings = new Findings();
            var (source, bytes, lost) = Open(view, use, withBytes: true);
            if (lost > 0) findings.Error("images", $"The files of {lost} pictures are gone from the fleet's blob store.", "Copy them back from a backup, or export without images.");
            FormatTable.Of(format).Writer.Check(source.Summary, findings);
            var erased = SnapshotLines(digest).LongCount(entry => gone.Contains(entry.ImageDigest));
            if (erased > 0) findings.Warn("images", $"{erased} frames of the snapshot were erased since; they stay out.", "'cvops frames erasures' says when and why.");
            if (use is not null && source.Summary.Frames + erased < view.Frames)
                findings.Warn("use", $"{view.Frames - source.Summary.Frames - erased} frames that are not for {use.Value.ToString().ToLowerInvariant()} stay out.", "Export with '--use all' for everything; nobody should train on golden frames.");
            return new ExportCheck(format, source.Summary.Frames, bytes, source.Summary.Classes, findings.List);
        }, cancel);
    }

    /// <summary>Writes the snapshot as a zip, or as the one file of its format. Blocks while the stream does: call it on a thread of its own.</summary>
    /// <exception cref="InvalidOperationException">The format has more than one file, and images are not wanted in <paramref name="zip"/> false.</exception>
    public void Write(DatasetView view, FormatEntry format, FrameUse? use, bool images, bool zip, Stream stream, CancellationToken cancel)
    {
        if (!zip && (images || format.OneFile is null)) throw new InvalidOperationException($"{format.Format} with its pictures is more than one file.");
        var (source, _, _) = Open(view, use, withBytes: false);
        using var files = zip ? ExportFiles.Zip(stream) : ExportFiles.Single(stream);
        format.Writer.Write(source, files, cancel);
        if (!images) return;
        foreach (var image in source.Read(withFrames: false))
        {
            cancel.ThrowIfCancellationRequested();
            if (format.Writer.ImagePath(image) is not { } path) continue;
            using var picture = File.OpenRead(blobs.Find(image.ImageDigest!, $"the picture of frame {image.Frame}"));
            using var file = files.Create(format.Writer.ImageFolder + path, pack: false);
            picture.CopyTo(file);
        }
    }

    public Task<DatasetView?> FindAsync(string digest, CancellationToken cancel) => database.ReadAsync(connection =>
        connection.QuerySingleOrDefault<string>("SELECT body FROM datasets WHERE digest = @digest", new { digest }) is { } body ? JsonSerializer.Deserialize(body, ContractsJson.Default.DatasetView) : null, cancel);

    private (ExportSource Source, long Bytes, int Lost) Open(DatasetView view, FrameUse? use, bool withBytes)
    {
        var summary = new ExportSummary();
        var (bytes, lost) = (0L, 0);
        foreach (var image in Read(view.Digest, use, withFrames: false))
        {
            summary.Add(image);
            if (!withBytes) continue;
            var file = new FileInfo(blobs.PathOf(image.ImageDigest!));
            if (file.Exists) bytes += file.Length;
            else if (!blobs.Exists(image.ImageDigest!)) lost++;
        }
        return (new ExportSource(view, summary, withFrames => Read(view.Digest, use, withFrames)), bytes, lost);
    }

    private IEnumerable<LabelledImage> Read(string digest, FrameUse? use, bool withFrames)
    {
        var erased = database.ReadAsync(ErasureTable.Pictures, CancellationToken.None).GetAwaiter().GetResult();
        foreach (var chunk in SnapshotLines(digest).Where(entry => !erased.Contains(entry.ImageDigest)).Where(entry => use switch { null => true, FrameUse.Training => SnapshotRule.IsForTrainers(entry), var wanted => entry.Use == wanted }).Chunk(Together))
        {
            // Snapshots of earlier fleets do not say how large their pictures are.
            var frames = withFrames || chunk.Any(entry => entry.Width is null) ? Frames(chunk) : null;
            foreach (var entry in chunk) yield return Of(entry, frames?.GetValueOrDefault(entry.FrameId), withFrames);
        }
    }

    private IEnumerable<DatasetEntry> SnapshotLines(string digest)
    {
        using var lines = new StreamReader(blobs.Find(digest, $"dataset snapshot {digest}"), Encoding.UTF8, detectEncodingFromByteOrderMarks: false, 1 << 16);
        while (lines.ReadLine() is { Length: > 0 } line) yield return JsonSerializer.Deserialize(line, ContractsJson.Default.DatasetEntry)!;
    }

    private Dictionary<string, FrameView> Frames(DatasetEntry[] entries)
    {
        // On the export's own thread, which has nothing else to do until the rows are there.
        return database.ReadAsync(connection =>
        {
            using var find = new PreparedCommand(connection, "SELECT body FROM frames WHERE id = @id", "id");
            return entries.Select(entry => find.With(entry.FrameId).ExecuteScalar()).OfType<string>().Select(FrameTable.Parse).ToDictionary(frame => frame.Id);
        }, CancellationToken.None).GetAwaiter().GetResult();
    }

    private static LabelledImage Of(DatasetEntry entry, FrameView? frame, bool withFrames) => new()
    {
        Name = $"{FileName(entry.FrameId)}.jpg", Where = entry.FrameId, Width = entry.Width ?? frame?.Width ?? 0, Height = entry.Height ?? frame?.Height ?? 0,
        Class = entry.Class, Boxes = entry.Boxes, Polygons = entry.Polygons, Verdict = entry.Verdict, Use = entry.Use, Frame = entry.FrameId, ImageDigest = entry.ImageDigest, Synthetic = entry.Synthetic,
        Part = withFrames ? frame?.Part : null, CapturedAt = withFrames ? frame?.CapturedAt : null, Model = withFrames ? frame?.Model : null, Prediction = withFrames ? frame?.Prediction : null, Attributes = withFrames ? frame?.Attributes : null,
    };

    /// <summary>The frame's id, by which its labels find it again; of an id that is no name for a file everywhere, its hash.</summary>
    private static string FileName(string id) => id.Length <= 100 && id.Length > 0 && id[0] != '.' && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')
        ? id
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 16));
}
