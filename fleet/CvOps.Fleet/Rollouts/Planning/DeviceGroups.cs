using System.Text.Json;
using CvOps.Contracts;
using CvOps.Fleet.Storage;
using CvOps.Plans.Selectors;
using Dapper;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>Named sets of devices, as rows.</summary>
internal sealed class DeviceGroups(Database database)
{
    public async Task<GroupMembership> MembershipAsync(CancellationToken cancel)
    {
        var rows = await database.ReadAsync(connection => connection.Query<(string Name, string? Devices, string? Selector)>(
            "SELECT name, devices, selector FROM device_groups ORDER BY name").ToArray(), cancel);
        return new GroupMembership([.. rows.Select(row => new DeviceGroup(row.Name,
            row.Devices is null ? null : JsonSerializer.Deserialize(row.Devices, ContractsJson.Default.IReadOnlyListDeviceId), row.Selector))]);
    }

    public Task WriteAsync(DeviceGroup group, CancellationToken cancel) => database.WriteAsync(connection => connection.Execute(
        """
        INSERT INTO device_groups (name, devices, selector) VALUES (@Name, @Devices, @Select)
        ON CONFLICT (name) DO UPDATE SET devices = excluded.devices, selector = excluded.selector
        """,
        new { group.Name, Devices = group.Devices is null ? null : JsonSerializer.Serialize(group.Devices, ContractsJson.Default.IReadOnlyListDeviceId), group.Select }), cancel);

    /// <returns>False when there is none.</returns>
    public Task<bool> RemoveAsync(string name, CancellationToken cancel) =>
        database.WriteAsync(connection => connection.Execute("DELETE FROM device_groups WHERE name = @name", new { name }) > 0, cancel);
}

/// <summary>A group as it is kept: a list or a selector.</summary>
internal sealed record DeviceGroup(string Name, IReadOnlyList<DeviceId>? Devices, string? Select);

/// <summary>All groups, to ask who is in which. A group's selector asks for no groups, so there is no circle.</summary>
internal sealed class GroupMembership(IReadOnlyList<DeviceGroup> groups)
{
    private readonly (string Name, HashSet<string>? Devices, LabelSelector? Selector)[] _groups =
        [.. groups.Select(group => (group.Name, group.Devices?.Select(device => device.Value).ToHashSet(), group.Select is null ? null : LabelSelector.Parse(group.Select)))];

    public static GroupMembership None { get; } = new([]);

    public IReadOnlyList<DeviceGroup> Groups { get; } = groups;

    public IEnumerable<string> Names => Groups.Select(group => group.Name);

    /// <returns>Names of the groups that the device is in, rising.</returns>
    public IReadOnlyCollection<string> Of(in DeviceLabels device)
    {
        if (_groups.Length == 0) return [];
        List<string>? names = null;
        foreach (var (name, devices, selector) in _groups)
            if (devices?.Contains(device.Device) ?? selector!.Matches(device with { Groups = [] })) (names ??= []).Add(name);
        return names ?? (IReadOnlyCollection<string>)[];
    }
}
