using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Grouping;
using CvOps.Fleet.Datasets.Snapshots;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>Reads what is checked: all frames that nobody skipped, or the entries of a snapshot.</summary>
internal sealed class CheckedFrameReader(Database database, DatasetStore datasets)
{
    // As a snapshot has it without another word.
    private const double BurstSeconds = 2;

    /// <param name="dataset">Null for all frames; else the digest of a snapshot that there is.</param>
    /// <param name="most">About so many are read; of more a part drawn by chance, frames of one picture together. Null for all.</param>
    /// <returns>Them, and how many there are.</returns>
    /// <exception cref="BlobLostException">The snapshot's document is gone.</exception>
    public Task<(List<CheckedFrame> Frames, long Of)> ReadAsync(string? dataset, int? most, CancellationToken cancel) => database.ReadMomentAsync(connection =>
    {
        var (of, below) = (0L, (string?)null);
        if (most is { } limit)
        {
            of = dataset is null ? connection.ExecuteScalar<long>($"SELECT count(*) FROM frames WHERE state <> {(int)LabelState.Skipped}") : datasets.DocumentOf(dataset).Read().LongCount();
            if (of > limit) below = DigestBelow((double)limit / of);
        }
        var groups = GroupReader.Read(connection, SplitBy.Part, GroupReader.Bursts(connection, BurstSeconds));
        var frames = dataset is null ? Frames(connection, groups, below, cancel) : Entries(datasets.DocumentOf(dataset), groups, below, cancel);
        return (frames, below is null ? frames.Count : of);
    }, cancel);

    /// <summary>Digests are as good as drawn: so large a part of them, 0..1, comes before this one.</summary>
    private static string DigestBelow(double share) => ((uint)(share * uint.MaxValue)).ToString("x8", CultureInfo.InvariantCulture);

    private static List<CheckedFrame> Frames(DbConnection connection, FrameGroups groups, string? below, CancellationToken cancel)
    {
        var devices = connection.Query<(string Id, string Labels)>("SELECT id, labels FROM devices WHERE labels <> '{}'")
            .ToDictionary(device => device.Id, device => JsonSerializer.Deserialize(device.Labels, ContractsJson.Default.IReadOnlyDictionaryStringString), StringComparer.Ordinal);
        var frames = new List<CheckedFrame>();
        foreach (var body in connection.Query<string>($"SELECT body FROM frames WHERE state <> @Skipped{(below is null ? "" : " AND image < @below")} ORDER BY row", new { Skipped = (int)LabelState.Skipped, below }, buffered: false))
        {
            cancel.ThrowIfCancellationRequested();
            var frame = FrameTable.Parse(body);
            frames.Add(new CheckedFrame
            {
                Id = frame.Id, Image = frame.ImageDigest, Label = frame.State == LabelState.Labelled ? frame.Label : null, Width = frame.Width, Height = frame.Height, Part = frame.Part,
                Group = groups.KeyOf(FramePlace.Of(frame)), Split = frame.Use == FrameUse.Golden ? CheckedFrame.Golden : "train", IsSynthetic = frame.Synthetic is not null,
                Prediction = frame.Prediction, Model = frame.Model, Camera = CameraOf(frame.Device, frame.Camera),
                Labels = AttributeRule.Slices(frame.Device is { } device ? devices.GetValueOrDefault(device.Value) : null, frame),
            });
        }
        return frames;
    }

    private static List<CheckedFrame> Entries(SnapshotDocument document, FrameGroups groups, string? below, CancellationToken cancel)
    {
        var frames = new List<CheckedFrame>();
        foreach (var entry in document.Read().Where(entry => below is null || string.CompareOrdinal(entry.ImageDigest, below) < 0))
        {
            cancel.ThrowIfCancellationRequested();
            frames.Add(new CheckedFrame
            {
                Id = entry.FrameId, Image = entry.ImageDigest, Label = new FrameLabel(entry.Class, entry.Boxes, "", entry.CapturedAt ?? default, entry.Polygons, entry.Verdict),
                Width = entry.Width, Height = entry.Height, Part = entry.Part,
                Group = groups.KeyOf(new FramePlace(entry.Part, entry.Device?.Value, entry.Camera?.Value, entry.CapturedAt ?? default, entry.ImageDigest)),
                Split = SnapshotTally.SplitOf(entry), IsSynthetic = entry.Synthetic is not null, Camera = CameraOf(entry.Device, entry.Camera), Labels = entry.Labels,
            });
        }
        return frames;
    }

    private static string? CameraOf(DeviceId? device, CameraId? camera) => device is null || camera is null ? null : $"{device}/{camera}";
}
