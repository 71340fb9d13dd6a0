using System.Data;
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
/// so that a verdict reads a few rows, whatever the size of the fleet. The statements are prepared once a transaction.
/// </summary>
internal sealed class CountTable(DbConnection connection) : IDisposable
{
    private static readonly string[] Names = [.. Enum.GetNames<ArmCounter>().Select(Snake)];

    private readonly Dictionary<(string Rollout, int Ring, string Group, int Arm), ArmCounts> _sums = [];
    private DbCommand? _toDevice;
    private DbCommand? _toSum;
    private DbCommand? _ofDevice;

    /// <summary>Columns in the order of <see cref="ArmCounter"/>.</summary>
    public static string Columns { get; } = string.Join(", ", Names);

    public void Add(string rollout, string device, int ring, string group, int arm, in ArmCounts counts)
    {
        if (counts.IsZero) return;
        Run(_toDevice ??= Upsert("rollout_count", "device"), counts, rollout, arm, device);
        var key = (rollout, ring, group, arm);
        _sums[key] = _sums.GetValueOrDefault(key) + counts;
    }

    /// <summary>Writes the sums of what was added; the last call of a transaction.</summary>
    public void Save()
    {
        foreach (var ((rollout, ring, group, arm), counts) in _sums) Run(_toSum ??= Upsert("rollout_sum", "ring", "grp"), counts, rollout, arm, ring, group);
        _sums.Clear();
    }

    /// <summary>Begins the sums of a rollout's groups: how many there are is settled before the first count, as each group's share of the evidence depends on it.</summary>
    public static void Begin(DbConnection connection, string rollout) => connection.Execute(
        "INSERT INTO rollout_sum (rollout, arm, ring, grp) SELECT DISTINCT rollout, 0, ring, grp FROM rollout_device WHERE rollout = @rollout ON CONFLICT DO NOTHING", new { rollout });

    public static RolloutSums Sums(DbConnection connection, string rollout)
    {
        var rows = new Dictionary<(int, string), ArmCounts[]>();
        using var reader = connection.ExecuteReader($"SELECT ring, grp, arm, {Columns} FROM rollout_sum WHERE rollout = @rollout", new { rollout });
        while (reader.Read())
        {
            var (row, arm) = (((int)reader.GetInt64(0), reader.GetString(1)), (int)reader.GetInt64(2));
            if (!rows.TryGetValue(row, out var arms)) rows.Add(row, arms = new ArmCounts[Arms.Count]);
            arms[arm] = Read(reader, 3);
        }
        return new RolloutSums(rows);
    }

    /// <summary>Of one device in one arm; zeros when nothing was counted.</summary>
    public ArmCounts Of(string rollout, string device, int arm)
    {
        if (_ofDevice is null)
        {
            _ofDevice = connection.CreateCommand();
            _ofDevice.CommandText = $"SELECT {Columns} FROM rollout_count WHERE rollout = @rollout AND device = @device AND arm = @arm";
            Name(_ofDevice, ["rollout", "device", "arm"]);
        }
        var values = _ofDevice.Parameters;
        (values[0].Value, values[1].Value, values[2].Value) = (rollout, device, arm);
        using var reader = _ofDevice.ExecuteReader();
        return reader.Read() ? Read(reader, 0) : default;
    }

    /// <param name="first">Column of the first counter.</param>
    public static ArmCounts Read(IDataRecord row, int first)
    {
        var counts = default(ArmCounts);
        for (var i = 0; i < Names.Length; i++) counts[(ArmCounter)i] = row.GetInt64(first + i);
        return counts;
    }

    public void Dispose()
    {
        _toDevice?.Dispose();
        _toSum?.Dispose();
        _ofDevice?.Dispose();
    }

    private static void Run(DbCommand command, in ArmCounts counts, params ReadOnlySpan<object> keys)
    {
        var values = command.Parameters;
        for (var i = 0; i < keys.Length; i++) values[i].Value = keys[i];
        for (var i = 0; i < Names.Length; i++) values[i + keys.Length].Value = counts[(ArmCounter)i];
        command.ExecuteNonQuery();
    }

    private DbCommand Upsert(string table, params ReadOnlySpan<string> keys)
    {
        string[] key = ["rollout", "arm", .. keys];
        var command = connection.CreateCommand();
        command.CommandText = $"INSERT INTO {table} ({string.Join(", ", key)}, {Columns}) VALUES ({string.Join(", ", key.Concat(Names).Select(name => $"@{name}"))}) "
            + $"ON CONFLICT ({string.Join(", ", key)}) DO UPDATE SET {string.Join(", ", Names.Select(name => $"{name} = {table}.{name} + excluded.{name}"))}";
        Name(command, key.Concat(Names));
        return command;
    }

    private static void Name(DbCommand command, IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
        }
    }

    private static string Snake(string name) => string.Concat(name.Select((letter, i) => char.IsUpper(letter) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
