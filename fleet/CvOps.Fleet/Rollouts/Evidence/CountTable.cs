using System.Data.Common;
using Dapper;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>The sums of a rollout's counts, by ring, group (<see cref="EvidenceGroups"/>) and arm.</summary>
/// <param name="Rows">By ring and group, <see cref="Arms.Count"/> counts each.</param>
internal sealed record RolloutSums(IReadOnlyDictionary<(int Ring, string Group), ArmCounts[]> Rows)
{
    public static RolloutSums None { get; } = new(new Dictionary<(int, string), ArmCounts[]>());

    /// <summary>In ordinal order.</summary>
    public IReadOnlyList<string> Groups { get; } = [.. Rows.Keys.Select(row => row.Group).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Over all rings and groups.</summary>
    public ArmCounts Of(int arm) => Rows.Values.Aggregate(default(ArmCounts), (sum, arms) => sum + arms[arm]);

    public ArmCounts Of(int ring, int arm) => Rows.Where(row => row.Key.Ring == ring).Aggregate(default(ArmCounts), (sum, row) => sum + row.Value[arm]);

    public ArmCounts Of(string group, int arm) => Rows.Where(row => row.Key.Group == group).Aggregate(default(ArmCounts), (sum, row) => sum + row.Value[arm]);
}

/// <summary>
/// Counts as rows: a row a device and arm, and their sums, a row a ring, group and arm. Whoever adds to the one adds to the other in the same transaction,
/// so that a verdict reads a few rows, whatever the size of the fleet.
/// </summary>
internal static class CountTable
{
    private static readonly string[] Names = [.. Enum.GetNames<ArmCounter>().Select(Snake)];

    /// <summary>Columns in the order of <see cref="ArmCounter"/>.</summary>
    public static string Columns { get; } = string.Join(", ", Names);

    private static readonly string AddToDevice = Upsert("rollout_count", "rollout, device, arm");
    private static readonly string AddToSum = Upsert("rollout_sum", "rollout, ring, grp, arm");

    public static void Add(DbConnection connection, string rollout, string device, int ring, int arm, ArmCounts counts, string group = EvidenceGroups.Rest)
    {
        if (counts.IsZero) return;
        AddToDeviceAlone(connection, rollout, device, arm, counts);
        AddToSums(connection, rollout, ring, arm, counts, group);
    }

    public static void AddToDeviceAlone(DbConnection connection, string rollout, string device, int arm, ArmCounts counts)
    {
        var values = Values(rollout, arm, counts);
        values.Add("device", device);
        connection.Execute(AddToDevice, values);
    }

    public static void AddToSums(DbConnection connection, string rollout, int ring, int arm, ArmCounts counts, string group = EvidenceGroups.Rest)
    {
        var values = Values(rollout, arm, counts);
        values.Add("ring", ring);
        values.Add("grp", group);
        connection.Execute(AddToSum, values);
    }

    public static RolloutSums Sums(DbConnection connection, string rollout)
    {
        var rows = new Dictionary<(int, string), ArmCounts[]>();
        using var reader = connection.ExecuteReader($"SELECT ring, grp, arm, {Columns} FROM rollout_sum WHERE rollout = @rollout", new { rollout });
        while (reader.Read())
        {
            var (row, arm) = ((reader.GetInt32(0), reader.GetString(1)), reader.GetInt32(2));
            if (!rows.TryGetValue(row, out var arms)) rows.Add(row, arms = new ArmCounts[Arms.Count]);
            if (arm is < 0 or >= Arms.Count) continue;
            for (var i = 0; i < Names.Length; i++) arms[arm][(ArmCounter)i] = reader.GetInt64(i + 3);
        }
        return new RolloutSums(rows);
    }

    private static DynamicParameters Values(string rollout, int arm, ArmCounts counts)
    {
        var values = new DynamicParameters();
        values.Add("rollout", rollout);
        values.Add("arm", arm);
        for (var i = 0; i < Names.Length; i++) values.Add(Names[i], counts[(ArmCounter)i]);
        return values;
    }

    private static string Upsert(string table, string key) =>
        $"INSERT INTO {table} ({key}, {Columns}) VALUES (@{key.Replace(", ", ", @", StringComparison.Ordinal)}, {string.Join(", ", Names.Select(name => $"@{name}"))}) "
        + $"ON CONFLICT ({key}) DO UPDATE SET {string.Join(", ", Names.Select(name => $"{name} = {table}.{name} + excluded.{name}"))}";

    private static string Snake(string name) => string.Concat(name.Select((letter, i) => char.IsUpper(letter) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
