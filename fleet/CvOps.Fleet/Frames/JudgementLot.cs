using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames;

/// <summary>
/// In which order frames on which two models disagree are put before a person, so that those judged by any moment are a random sample of all of them, as the
/// comparison of a rollout assumes (<see cref="Statistics.PairedEvidence"/>). Pure.
/// <para><b>Why.</b> To ask for the frames that look most telling would teach most of the models and bias their comparison: an unsure model is wrong more often.
/// So the order is drawn by lot: frame i gets the key k = u p, u uniform on 0..1 by a hash of its id and p the probability with which its device kept it, and
/// the smallest keys come first. A frame is among those with k at most t with probability p min(1, t / p) = min(p, t): while t is below every p, each
/// discordant frame of the fleet is among those judged so far with the same probability t, whatever it shows, and a camera that could afford to keep only a
/// tenth of its frames counts no less (priority sampling; Duffield, Lund and Thorup 2007, with every weight 1). What is most informative is then not which frame but
/// that it is one of these: each is worth the same beforehand, and frames kept for other reasons are worth nothing to the comparison.</para>
/// <para>Assumed: people judge from the top. A frame they skip is missing by what it shows.</para>
/// </summary>
internal static class JudgementLot
{
    /// <summary>The rules whose draws are by chance alone. A frame picked because a model was unsure stands for no other.</summary>
    private static readonly string[] ByChance = ["disagreement", "audit"];

    public static bool Drew(FrameView frame) => frame.Reasons.Any(reason => ByChance.Contains(reason.Rule));

    /// <summary>Larger comes first: 1 - k, 0..1. A device that does not say the probability kept all it could.</summary>
    public static double Place(FrameView frame) => 1 - (Draw(frame.Id) * Math.Clamp(frame.InclusionProbability ?? 1, 0, 1));

    private static double Draw(string id) => BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes("judge:" + id))) / (uint.MaxValue + 1.0);
}
