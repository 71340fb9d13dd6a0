using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Datasets.Grouping;

/// <summary>
/// Which group a frame is in. By part: its part; without one its burst; without a camera its picture. By camera or device: that; without one as by part.
/// Pure: the same frames give the same groups, in whatever order they came.
/// </summary>
internal sealed class FrameGroups(SplitBy by, BurstIndex bursts, GroupLinks links)
{
    public const string PartPrefix = "part:";

    public const string BurstPrefix = "burst:";

    public string KeyOf(FramePlace frame) => links.Find(OwnKey(by, bursts, frame));

    /// <summary>Before it is joined to others.</summary>
    public static string OwnKey(SplitBy by, BurstIndex bursts, FramePlace frame) => by switch
    {
        SplitBy.Device when frame.Device is not null => $"device:{frame.Device}",
        SplitBy.Camera when frame is { Device: not null, Camera: not null } => $"camera:{frame.Device}/{frame.Camera}",
        _ when frame.Part is not null => PartPrefix + frame.Part,
        _ when frame is { Device: not null, Camera: not null } && bursts.StartOf(frame.Device, frame.Camera, SqlTime.Of(frame.CapturedAt)) is { } start => $"{BurstPrefix}{frame.Device}/{frame.Camera}@{start}",
        _ => $"picture:{frame.Image}",
    };
}
