using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets;

/// <summary>What a snapshot holds and how it is named. Pure.</summary>
internal static class SnapshotRule
{
    /// <summary>
    /// The labelled frames as entries by frame id. A training frame that shows a part or a picture of the golden set stays out:
    /// a model must not have seen what it is judged on.
    /// </summary>
    /// <param name="labelled">Frames in state Labelled that the request asks for.</param>
    /// <param name="golden">The whole golden set, not only what the request asks for.</param>
    public static DatasetEntry[] Choose(IEnumerable<FrameView> labelled, IReadOnlyCollection<FrameView> golden)
    {
        var parts = golden.Where(frame => frame.Part is not null).Select(frame => frame.Part!).ToHashSet();
        var pictures = golden.Select(frame => frame.ImageDigest).ToHashSet();
        return
        [
            .. labelled
                .Where(frame => frame.Use == FrameUse.Golden || !(pictures.Contains(frame.ImageDigest) || (frame.Part is not null && parts.Contains(frame.Part))))
                .OrderBy(frame => frame.Id, StringComparer.Ordinal)
                .Select(frame => new DatasetEntry(frame.Id, frame.ImageDigest, frame.Label!.Class, frame.Use, frame.Label.Boxes)
                {
                    Polygons = frame.Label.Polygons, Verdict = frame.Label.Verdict, Width = frame.Width, Height = frame.Height,
                }),
        ];
    }

    /// <summary>One JSON line an entry; who labelled and when are not part of it, so the same frames and labels give the same bytes.</summary>
    public static byte[] Document(IEnumerable<DatasetEntry> entries)
    {
        using var document = new MemoryStream();
        foreach (var entry in entries)
        {
            document.Write(JsonSerializer.SerializeToUtf8Bytes(entry, ContractsJson.Default.DatasetEntry));
            document.WriteByte((byte)'\n');
        }
        return document.ToArray();
    }

    public static string DigestOf(IEnumerable<DatasetEntry> entries) => Convert.ToHexStringLower(SHA256.HashData(Document(entries)));

    public static DatasetEntry[] Parse(ReadOnlySpan<byte> document)
    {
        var entries = new List<DatasetEntry>();
        foreach (var line in document.Split((byte)'\n'))
            if (!document[line].IsEmpty) entries.Add(JsonSerializer.Deserialize(document[line], ContractsJson.Default.DatasetEntry)!);
        return [.. entries];
    }
}
