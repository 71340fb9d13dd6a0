using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Grouping;

/// <summary>Draws a group's split by a hash of its name: groups that come or go move no other. Pure.</summary>
internal static class SplitRule
{
    private const double Slack = 1e-6;

    /// <returns>Why not, in a sentence; null when they are shares.</returns>
    public static string? Refuse(SplitShares shares) =>
        shares is { Train: >= 0, Validation: >= 0, Test: >= 0 } && Math.Abs(shares.Train + shares.Validation + shares.Test - 1) <= Slack ? null
        : FormattableString.Invariant($"The shares of train, validation and test are {shares.Train}, {shares.Validation} and {shares.Test}: each has to be at least 0, and together they have to be 1.");

    public static DatasetSplit Of(GroupName group, SplitShares shares) =>
        group.Draw < shares.Train || shares is { Validation: 0, Test: 0 } ? DatasetSplit.Train
        : group.Draw < shares.Train + shares.Validation || shares.Test == 0 ? DatasetSplit.Validation
        : DatasetSplit.Test;
}

/// <summary>A group's short name, and where its lot fell.</summary>
/// <param name="Draw">Uniform on 0..1, from the name.</param>
internal readonly record struct GroupName(ulong Name, double Draw)
{
    public static GroupName Of(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes("group:" + key), hash);
        return new GroupName(BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt32BigEndian(hash[8..]) / (uint.MaxValue + 1.0));
    }

    public override string ToString() => Name.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
