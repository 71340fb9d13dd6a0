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
    /// <returns>The rollout it counted for; null when it counted for none.</returns>
    public static string? Count(DbConnection connection, FrameView frame, DateTimeOffset now)
    {
        if (frame is not { Device: { } device, Shadow: not null }) return null;
        using var devices = new RolloutDeviceTable(connection, now);
        if (devices.Held(device) is not { } member || RolloutTable.Find(connection, member.Rollout) is not { Running: true, IsModel: true } row) return null;
        if (JudgedFrameRule.Judge(frame, row.Payload, member.Previous?.Digest) is not { } result) return null;
        if (connection.Execute("INSERT INTO rollout_judged (rollout, frame) VALUES (@Id, @frame) ON CONFLICT DO NOTHING", new { row.Id, frame = frame.Id }) == 0) return null;
        var counter = result switch { JudgedPair.ChallengerRight => ArmCounter.ChallengerRight, JudgedPair.ChampionRight => ArmCounter.ChampionRight, _ => ArmCounter.NeitherRight };
        using var counts = new CountTable(connection);
        counts.Add(row.Id, device.Value, member.Ring, member.Group, Arms.Challenger, new ArmCounts([(counter, 1)]));
        counts.Save();
        return row.Id;
    }
}
