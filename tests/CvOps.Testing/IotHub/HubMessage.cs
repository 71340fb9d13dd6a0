namespace CvOps.Testing.IotHub;

/// <summary>A message as the hub passes it on.</summary>
/// <param name="Properties">The sender's own and, with names such as <c>$.ct</c>, the system's.</param>
public sealed record HubMessage(string Device, IReadOnlyDictionary<string, string> Properties, byte[] Body)
{
    /// <summary>Of a telemetry topic, URL-encoded.</summary>
    internal static Dictionary<string, string> Parse(string properties) => properties.Trim('/').Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(it => it.Split('=', 2)).ToDictionary(it => Uri.UnescapeDataString(it[0]), it => it.Length > 1 ? Uri.UnescapeDataString(it[1]) : "", StringComparer.Ordinal);
}

/// <summary>A file a device has put into the hub's storage.</summary>
/// <param name="Name">With the device's folder.</param>
public sealed record HubFile(string Device, string Name, byte[] Body);
