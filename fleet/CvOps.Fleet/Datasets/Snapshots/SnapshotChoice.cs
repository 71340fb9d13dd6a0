using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Grouping;

namespace CvOps.Fleet.Datasets.Snapshots;

/// <summary>
/// Decides of each labelled frame whether it goes into a snapshot and into which split. A model must not have seen what it is judged on: what touches the golden
/// set stays out of training, and a synthetic frame is for training only, where all that it was made from is. Pure; any thread may ask.
/// </summary>
/// <param name="golden">What the golden set shows.</param>
/// <param name="groups">What must not lie in two splits.</param>
/// <param name="stale">Synthetic frames whose sources are labelled otherwise now.</param>
internal sealed class SnapshotChoice(SnapshotRequest request, GoldenContact golden, FrameGroups groups, IReadOnlySet<string> stale)
{
    /// <param name="leftOut">Why it stays out, as what is said of the frame; null with an entry.</param>
    public DatasetEntry? Choose(FrameView frame, int? brightness, IReadOnlyDictionary<string, string>? labels, out string? leftOut)
    {
        var place = FramePlace.Of(frame);
        leftOut = frame.Use == FrameUse.Golden ? frame.Synthetic is null ? null : "is synthetic and said to be golden" : frame.Synthetic is { } origin ? Refuse(frame, origin) : golden.Of(place);
        if (leftOut is not null) return null;
        var entry = SnapshotRule.EntryOf(frame) with { Labels = labels, Brightness = brightness };
        if (frame.Use == FrameUse.Golden) return entry;
        var group = GroupOf(frame.Synthetic is null ? place : FramePlace.Of(frame.Synthetic.Sources[0]));
        return entry with { Group = group.ToString(), Split = request.Splits is not { } shares ? null : frame.Synthetic is null ? SplitRule.Of(group, shares) : DatasetSplit.Train };
    }

    private string? Refuse(FrameView frame, SyntheticOrigin origin)
    {
        if (!request.Synthetic) return "is synthetic, and none was asked for";
        if (origin.Sources.Count == 0) return "is synthetic and does not say what it was made from";
        if (stale.Contains(frame.Id)) return "is made from a frame that is labelled otherwise since";
        if (golden.Of(FramePlace.Of(frame)) is { } own) return own;
        foreach (var source in origin.Sources)
        {
            var place = FramePlace.Of(source);
            if (golden.Of(place) is not null) return "is made from what the golden set shows";
            if (request.Splits is { } shares && SplitRule.Of(GroupOf(place), shares) != DatasetSplit.Train) return "is made from a frame that is not for training";
        }
        return null;
    }

    private GroupName GroupOf(FramePlace place) => GroupName.Of(groups.KeyOf(place));
}
