using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames;

/// <summary>
/// Which labelled frames judge models instead of teaching them. Only frames kept by chance qualify (a frame kept because a model was unsure
/// would make every model look bad), and of those a fixed share, chosen by a hash, so that no order of labelling and no restart changes it.
/// </summary>
internal static class GoldenRule
{
    private static readonly string[] ByChance = ["audit", "random"];

    /// <param name="share">Part of the frames kept by chance that becomes golden, 0..1.</param>
    public static FrameUse Decide(FrameView frame, double share) =>
        frame.Synthetic is null && frame.Reasons.Any(reason => ByChance.Contains(reason.Rule)) && Draw(frame.Part ?? frame.Id) < share ? FrameUse.Golden : FrameUse.Training;

    /// <summary>By the part where it is known: two pictures of one part never land on both sides.</summary>
    private static double Draw(string key) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes("golden:" + key))) / (uint.MaxValue + 1.0);
}
