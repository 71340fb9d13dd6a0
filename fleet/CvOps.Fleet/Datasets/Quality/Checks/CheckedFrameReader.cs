using System.Data.Common;
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
    /// <exception cref="BlobLostException">The snapshot's document is gone.</exception>
    public Task<List<CheckedFrame>> ReadAsync(string? dataset, CancellationToken cancel) => database.ReadMomentAsync(connection =>
    {
        var groups = GroupReader.Read(connection, SplitBy.Part, GroupReader.Bursts(connection, BurstSeconds));
        return dataset is null ? Frames(connection, groups, cancel) : Entries(datasets.DocumentOf(dataset), groups, cancel);
    }, cancel);

    private static List<CheckedFrame> Frames(DbConnection connection, FrameGroups groups, CancellationToken cancel)
    {
        var devices = connection.Query<(string Id, string Labels)>("SELECT id, labels FROM devices WHERE labels <> '{}'")
            .ToDictionary(device => device.Id, device => JsonSerializer.Deserialize(device.Labels, ContractsJson.Default.IReadOnlyDictionaryStringString), StringComparer.Ordinal);
        var frames = new List<CheckedFrame>();
        foreach (var body in connection.Query<string>("SELECT body FROM frames WHERE state <> @Skipped ORDER BY row", new { Skipped = (int)LabelState.Skipped }, buffered: false))
        {
            cancel.ThrowIfCancellationRequested();
            var frame = FrameTable.Parse(body);
            frames.Add(new CheckedFrame
            {
                Id = frame.Id, Image = frame.ImageDigest, Label = frame.State == LabelState.Labelled ? frame.Label : null, Width = frame.Width, Height = frame.Height, Part = frame.Part,
                Group = groups.KeyOf(FramePlace.Of(frame)), Split = frame.Use == FrameUse.Golden ? CheckedFrame.Golden : "train", IsSynthetic = frame.Synthetic is not null,
                Prediction = frame.Prediction, Model = frame.Model, Camera = CameraOf(frame.Device, frame.Camera),
                DeviceLabels = frame.Device is { } device ? devices.GetValueOrDefault(device.Value) : null,
            });
        }
        return frames;
    }

    private static List<CheckedFrame> Entries(SnapshotDocument document, FrameGroups groups, CancellationToken cancel)
    {
        var frames = new List<CheckedFrame>();
        foreach (var entry in document.Read())
        {
            cancel.ThrowIfCancellationRequested();
            frames.Add(new CheckedFrame
            {
                Id = entry.FrameId, Image = entry.ImageDigest, Label = new FrameLabel(entry.Class, entry.Boxes, "", entry.CapturedAt ?? default, entry.Polygons, entry.Verdict),
                Width = entry.Width, Height = entry.Height, Part = entry.Part,
                Group = groups.KeyOf(new FramePlace(entry.Part, entry.Device?.Value, entry.Camera?.Value, entry.CapturedAt ?? default, entry.ImageDigest)),
                Split = SnapshotTally.SplitOf(entry), IsSynthetic = entry.Synthetic is not null, Camera = CameraOf(entry.Device, entry.Camera), DeviceLabels = entry.Labels,
            });
        }
        return frames;
    }

    private static string? CameraOf(DeviceId? device, CameraId? camera) => device is null || camera is null ? null : $"{device}/{camera}";
}
