using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Statistics;
using Dapper;

namespace CvOps.Fleet.Rollouts;

/// <summary>Counts what people say of the frames on which a rollout's models disagree, in the transaction of the label itself: no word is lost between the two.</summary>
internal static class JudgedFrames
{
    /// <summary>Once a frame, however often it is labelled: a sequential test can't take a word back.</summary>
    /// <param name="frames">As they are labelled now; those that no rollout asks about count for none.</param>
    /// <returns>The rollouts that have something new to judge.</returns>
    public static IReadOnlyCollection<string> Count(DbConnection connection, IEnumerable<FrameView> frames, DateTimeOffset now)
    {
        var rollouts = new Dictionary<string, RolloutRow?>(StringComparer.Ordinal);
        var counted = new HashSet<string>(StringComparer.Ordinal);
        using var devices = new RolloutDeviceTable(connection, now);
        using var counts = new CountTable(connection);
        foreach (var frame in frames)
        {
            if (frame is not { Device: { } device, Shadow: not null } || devices.Held(device) is not { } member) continue;
            if (!rollouts.TryGetValue(member.Rollout, out var row)) rollouts.Add(member.Rollout, row = RolloutTable.Find(connection, member.Rollout));
            if (row is not { Running: true, IsModel: true } || JudgedFrameRule.Judge(frame, row.Payload, member.Previous?.Digest) is not { } result) continue;
            if (connection.Execute("INSERT INTO rollout_judged (rollout, frame) VALUES (@Id, @frame) ON CONFLICT DO NOTHING", new { row.Id, frame = frame.Id }) == 0) continue;
            var counter = result switch { JudgedPair.ChallengerRight => ArmCounter.ChallengerRight, JudgedPair.ChampionRight => ArmCounter.ChampionRight, _ => ArmCounter.NeitherRight };
            counts.Add(row.Id, device.Value, member.Ring, member.Group, Arms.Challenger, new ArmCounts([(counter, 1)]));
            counted.Add(row.Id);
        }
        if (counted.Count > 0) counts.Save();
        return counted;
    }
}
