using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Plans.Selectors;
using CvOps.Fleet.Datasets.Grouping;

namespace CvOps.Fleet.Datasets;

/// <summary>What a snapshot holds and which requests are taken. Pure.</summary>
internal static class SnapshotRule
{
    /// <returns>Every mistake of a request, each a sentence.</returns>
    public static IEnumerable<string> Mistakes(SnapshotRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.Name) || string.IsNullOrWhiteSpace(request.By)) yield return "A snapshot needs a 'name', and 'by' says who freezes it.";
        if (request.Splits is { } shares && SplitRule.Refuse(shares) is { } refusal) yield return refusal;
        if (!(request.BurstSeconds is >= 0 and <= 86_400)) yield return "'burstSeconds' is the time between two frames of a burst: 0 for no bursts, at most 86400.";
        if (!Enum.IsDefined(request.GroupBy)) yield return $"'groupBy' is one of {string.Join(", ", Enum.GetNames<SplitBy>())}.";
        if (request is { Since: { } since, Until: { } until } && since >= until) yield return "'since' has to be before 'until'.";
        if (request.Where is null) yield break;
        if (!LabelSelector.TryParse(request.Where, out var selector, out var mistake)) yield return $"'where' is no selector: {mistake}";
        else if (selector.Terms.Any(term => term.Label == DeviceLabels.GroupName)) yield return "'where' asks for 'group', which frames do not keep: ask for labels, 'site' or 'device'.";
    }

    /// <summary>Whether a trainer may see the entry at all.</summary>
    public static bool IsForTrainers(DatasetEntry entry) => entry is { Use: FrameUse.Training, Split: not DatasetSplit.Test };

    public static DatasetEntry EntryOf(FrameView frame) => new(frame.Id, frame.ImageDigest, frame.Label!.Class, frame.Use, frame.Label.Boxes)
    {
        Polygons = frame.Label.Polygons, Verdict = frame.Label.Verdict, Width = frame.Width, Height = frame.Height, Device = frame.Device, Camera = frame.Camera, Part = frame.Part,
        CapturedAt = frame.CapturedAt, Synthetic = frame.Synthetic,
    };

    /// <summary>One JSON line an entry; who labelled and when are not part of it, so the same frames and labels give the same bytes.</summary>
    /// <param name="entries">By frame id, in the order of its bytes.</param>
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
}
