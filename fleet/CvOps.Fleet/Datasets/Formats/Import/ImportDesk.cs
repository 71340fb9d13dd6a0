using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets.Formats.Files;
using CvOps.Fleet.Datasets.Quality;
using CvOps.Fleet.Datasets.Quality.Checks;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Datasets.Formats.Import;

/// <summary>
/// Brings a dataset in, all of it or nothing: what came is kept in a folder of its own, every picture and label is looked at, then the pictures go to the blob
/// store, where nobody sees them yet, and the rows into the database in one transaction. A crash at any point leaves no frame and no label behind.
/// </summary>
internal sealed class ImportDesk(
    Database database, BlobStore blobs, FleetEvents events, RolloutSignals signals, IOptions<FleetOptions> options, ImportLimits limits, TimeProvider time, QualityQueue? checks = null)
{
    private const int TellEvery = 500;
    private const int Together = 500;

    private readonly string _root = Path.Combine(options.Value.Data, "imports");

    /// <summary>Removes what imports left that a crash ended. Nothing of them is in the database.</summary>
    public void CleanUp()
    {
        if (Directory.Exists(_root) && !database.IsShared) Directory.Delete(_root, recursive: true);
    }

    /// <param name="upload">A zip, or the one file of a format; read to its end.</param>
    /// <param name="tell">Hears how far it is; called from the import's own thread.</param>
    public async Task<ImportReport> RunAsync(Stream upload, ImportRequest request, Action<ImportLine> tell, CancellationToken cancel)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root, Guid.NewGuid().ToString("N"))).FullName;
        try
        {
            var findings = new Findings();
            var file = Path.Combine(folder, "upload");
            if (!await ReceiveAsync(upload, file, findings, tell, cancel) || StagedFiles.Open(folder, file, limits, findings) is not { } files) return Report(null, null, findings, written: false);
            using (files) return await ImportAsync(files, folder, request, findings, tell, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<bool> ReceiveAsync(Stream upload, string path, Findings findings, Action<ImportLine> tell, CancellationToken cancel)
    {
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        var buffer = new byte[1 << 17];
        var (total, told) = (0L, 0L);
        for (int read; (read = await upload.ReadAsync(buffer, cancel)) > 0;)
        {
            total += read;
            if (total > limits.UploadBytes)
            {
                findings.Error("upload", $"It is larger than {limits.UploadBytes} bytes.", "Bring the dataset in parts.");
                return false;
            }
            await file.WriteAsync(buffer.AsMemory(0, read), cancel);
            if (total - told < 16 << 20) continue;
            told = total;
            tell(new ImportLine("receiving", total, 0));
        }
        return true;
    }

    private async Task<ImportReport> ImportAsync(StagedFiles files, string folder, ImportRequest request, Findings findings, Action<ImportLine> tell, CancellationToken cancel)
    {
        using var rows = new StagedRows(folder);
        var now = time.GetUtcNow();
        var pictures = new PictureIndex(files);
        ImportCheck? check = null;
        DatasetFormat? format = null;
        if (findings.Errors == 0)
        {
            format = request.Format ?? FormatGuess.Of(files);
            if (format is not { } known) findings.Error("upload", "Nobody can tell its format from its files.", $"Name it with --format: {FormatTable.Names}.");
            else check = await database.ReadAsync(connection => Look(FormatTable.Of(known), connection), cancel);
        }
        if (findings.Errors > 0 || request.DryRun || check is null) return Report(format, check, findings, written: false);

        await Task.Run(() => StorePictures(), cancel);
        var changed = await WriteAsync(rows, request, $"{format}: {check.Pictures} pictures, {check.Added} added, {check.Relabelled} relabelled", now, tell, cancel);
        if (changed is not null)
        {
            findings.Error($"frame {changed}", "Somebody changed this frame while the import was looked at.", "Import again.");
            return Report(format, check, findings, written: false);
        }
        if (rows.Count > 0)
        {
            events.Publish("frame", rows.Labels.Count > 0 ? rows.Labels.Read().First().Columns.Id : rows.ReadFrames().First().Frame.Id);
            checks?.Ask(null);
        }
        return Report(format, check, findings, written: true);

        ImportCheck Look(FormatEntry entry, DbConnection connection)
        {
            using var frames = new FrameFinder(connection);
            var looks = new ImportCheck(request, pictures, entry.HoldsObjects, frames, rows, findings, limits, options.Value.GoldenShare, now);
            try
            {
                foreach (var image in entry.Reader.Read(new ReadContext(files, findings, looks.SizeOf, request.Attributes)))
                {
                    cancel.ThrowIfCancellationRequested();
                    if (!looks.Take(image)) break;
                    if (looks.Pictures % TellEvery == 0) tell(new ImportLine("reading", looks.Pictures, 0));
                }
            }
            catch (InvalidDataException e)
            {
                findings.Error("upload", e.Message, "Make the archive anew, and check where it comes from.");
            }
            if (looks.Pictures == 0 && findings.Errors == 0) findings.Error("upload", $"It names no picture, read as {entry.Format}.", $"Name the format with --format: {FormatTable.Names}.");
            ImportSchema.Look(connection, looks.Classes, findings);
            return looks;
        }

        void StorePictures()
        {
            var done = 0;
            foreach (var (entry, frame) in rows.ReadFrames())
            {
                cancel.ThrowIfCancellationRequested();
                if (!blobs.Touch(frame.ImageDigest) && blobs.Put(pictures.Load(entry)) != frame.ImageDigest) throw new InvalidDataException($"{entry} reads differently than before.");
                if (++done % TellEvery == 0) tell(new ImportLine("storing", done, rows.Frames));
            }
        }
    }

    /// <returns>A frame that is not as it was when it was looked at; null when all rows are written.</returns>
    private async Task<string?> WriteAsync(StagedRows rows, ImportRequest request, string detail, DateTimeOffset now, Action<ImportLine> tell, CancellationToken cancel)
    {
        try
        {
            signals.Mark(await database.WriteAsync<IReadOnlyCollection<string>>(connection =>
            {
                using var writer = new FrameWriter(connection, now);
                var rollouts = new HashSet<string>(StringComparer.Ordinal);
                var written = 0;
                foreach (var (_, frame) in rows.ReadFrames())
                {
                    if (!writer.Import(frame, request.By)) throw new FrameChangedException(frame.Id);
                    if (++written % TellEvery == 0) tell(new ImportLine("writing", written, rows.Count));
                }
                foreach (var chunk in rows.Labels.Read().Chunk(Together))
                {
                    foreach (var label in chunk)
                        if (!writer.Label(label.Columns, label.State, label.LabelledAt, request.By)) throw new FrameChangedException(label.Columns.Id);
                    if (chunk.Any(label => label.IsCompared)) rollouts.UnionWith(JudgedFrames.Count(connection, chunk.Where(label => label.IsCompared).Select(label => FrameTable.Parse(label.Columns.Body)), now));
                    tell(new ImportLine("writing", written += chunk.Length, rows.Count));
                }
                writer.Save();
                Audit.Add(connection, now, request.By, "frames.imported", $"{rows.Count} frames", detail);
                return rollouts;
            }, cancel));
            return null;
        }
        catch (FrameChangedException e)
        {
            return e.Message;
        }
    }

    private static ImportReport Report(DatasetFormat? format, ImportCheck? check, Findings findings, bool written) => new()
    {
        Format = format, Pictures = check?.Pictures ?? 0, Added = check?.Added ?? 0, Relabelled = check?.Relabelled ?? 0, Unchanged = check?.Unchanged ?? 0,
        Classes = check?.Classes ?? new Dictionary<string, int>(), Written = written, Errors = findings.Errors, Warnings = findings.Warnings, Findings = findings.List,
    };

    private sealed class FrameChangedException(string frame) : Exception(frame);
}
