using Dapper;
using Microsoft.Data.Sqlite;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>The sums of a rollout's counts, by ring and arm.</summary>
/// <param name="Rings">By ring, <see cref="Arms.Count"/> counts each.</param>
internal sealed record RolloutSums(IReadOnlyDictionary<int, ArmCounts[]> Rings)
{
    public static RolloutSums None { get; } = new(new Dictionary<int, ArmCounts[]>());

    /// <summary>Over all rings.</summary>
    public ArmCounts Of(int arm) => Rings.Values.Aggregate(default(ArmCounts), (sum, ring) => sum + ring[arm]);

    public ArmCounts Of(int ring, int arm) => Rings.TryGetValue(ring, out var arms) ? arms[arm] : default;
}

/// <summary>
/// Counts as rows: a row a device and arm, and their sums, a row a ring and arm. Whoever adds to the one adds to the other in the same transaction,
/// so that a verdict reads a few rows, whatever the size of the fleet.
/// </summary>
internal static class CountTable
{
    private static readonly string[] Names = [.. Enum.GetNames<ArmCounter>().Select(Snake)];

    /// <summary>Columns in the order of <see cref="ArmCounter"/>.</summary>
    public static string Columns { get; } = string.Join(", ", Names);

    private static readonly string AddToDevice = Upsert("rollout_count", "rollout, device, arm");
    private static readonly string AddToSum = Upsert("rollout_sum", "rollout, ring, arm");

    public static void Add(SqliteConnection connection, string rollout, string device, int ring, int arm, ArmCounts counts)
    {
        if (counts.IsZero) return;
        Add(connection, AddToDevice, rollout, device, arm, counts);
        Add(connection, AddToSum, rollout, ring, arm, counts);
    }

    public static void AddToDeviceAlone(SqliteConnection connection, string rollout, string device, int arm, ArmCounts counts) => Add(connection, AddToDevice, rollout, device, arm, counts);

    public static void AddToSums(SqliteConnection connection, string rollout, int ring, int arm, ArmCounts counts) => Add(connection, AddToSum, rollout, ring, arm, counts);

    public static RolloutSums Sums(SqliteConnection connection, string rollout)
    {
        var rings = new Dictionary<int, ArmCounts[]>();
        using var reader = connection.ExecuteReader($"SELECT ring, arm, {Columns} FROM rollout_sum WHERE rollout = @rollout", new { rollout });
        while (reader.Read())
        {
            var (ring, arm) = (reader.GetInt32(0), reader.GetInt32(1));
            if (!rings.TryGetValue(ring, out var arms)) rings.Add(ring, arms = new ArmCounts[Arms.Count]);
            if (arm is < 0 or >= Arms.Count) continue;
            for (var i = 0; i < Names.Length; i++) arms[arm][(ArmCounter)i] = reader.GetInt64(i + 2);
        }
        return new RolloutSums(rings);
    }

    private static void Add(SqliteConnection connection, string sql, string rollout, object key, int arm, ArmCounts counts)
    {
        var values = new DynamicParameters();
        values.Add("rollout", rollout);
        values.Add("key", key);
        values.Add("arm", arm);
        for (var i = 0; i < Names.Length; i++) values.Add(Names[i], counts[(ArmCounter)i]);
        connection.Execute(sql, values);
    }

    private static string Upsert(string table, string key) =>
        $"INSERT INTO {table} ({key}, {Columns}) VALUES (@rollout, @key, @arm, {string.Join(", ", Names.Select(name => $"@{name}"))}) "
        + $"ON CONFLICT ({key}) DO UPDATE SET {string.Join(", ", Names.Select(name => $"{name} = {table}.{name} + excluded.{name}"))}";

    private static string Snake(string name) => string.Concat(name.Select((letter, i) => char.IsUpper(letter) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
