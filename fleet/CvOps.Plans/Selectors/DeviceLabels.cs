namespace CvOps.Plans.Selectors;

/// <summary>What a selector can ask of a device.</summary>
/// <param name="Groups">Names of the groups it is in; they answer to the label <c>group</c>, of which a device may have several values or none.</param>
public readonly record struct DeviceLabels(string Device, string Site, IReadOnlyDictionary<string, string> Labels, IReadOnlyCollection<string> Groups)
{
    public const string DeviceName = "device";
    public const string SiteName = "site";
    public const string GroupName = "group";

    /// <summary>Labels that the fleet gives by itself; nobody can set one of that name.</summary>
    public static bool IsReserved(string label) => label is DeviceName or SiteName or GroupName;

    public bool Has(string label) => label switch
    {
        DeviceName or SiteName => true,
        GroupName => Groups.Count > 0,
        _ => Labels.ContainsKey(label),
    };

    /// <summary>Of any label but <see cref="GroupName"/>; null where the device lacks it.</summary>
    internal string? Value(string label) => label switch
    {
        DeviceName => Device,
        SiteName => Site,
        _ => Labels.GetValueOrDefault(label),
    };
}
