using CvOps.Contracts.Identity;

namespace CvOps.Agent.Link.IotHub;

/// <summary>A device's connection string: <c>HostName=...;DeviceId=...;SharedAccessKey=...</c>.</summary>
/// <param name="Key">Base64.</param>
internal sealed record IotHubConnectionString(string Host, string Device, string Key)
{
    private const int LargestFile = 8192;

    /// <param name="path">The file that holds nothing else.</param>
    /// <returns>The string, or everything that is wrong with it.</returns>
    public static (IotHubConnectionString? Value, IReadOnlyList<string> Problems) Read(string path)
    {
        try
        {
            if (!File.Exists(path)) return (null, [$"the file '{path}' with the connection string does not exist"]);
            if (SecretFile.Problem(path) is { } open) return (null, [open]);
            if (new FileInfo(path).Length > LargestFile) return (null, [$"the file '{path}' is too large for a connection string"]);
            var (value, problems) = Parse(File.ReadAllText(path).Trim());
            return (value, [.. problems.Select(problem => $"the connection string in '{path}' {problem}")]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, [$"the file '{path}' with the connection string cannot be read ({e.Message}); let this user read it"]);
        }
    }

    /// <returns>The string, or everything that is wrong with it, as ends of a sentence.</returns>
    public static (IotHubConnectionString? Value, IReadOnlyList<string> Problems) Parse(string text)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=', 2) is [var name, var value]) parts[name.Trim()] = value.Trim();
        }
        var problems = new List<string>();
        var (host, device, key) = (Part("HostName"), Part("DeviceId"), Part("SharedAccessKey"));
        if (host.Length == 0) problems.Add("has no HostName; take it from the device's page in the portal");
        else if (Uri.CheckHostName(host) == UriHostNameType.Unknown) problems.Add($"has a HostName that is none: '{host}'");
        if (parts.ContainsKey("SharedAccessKeyName")) problems.Add("is one of the hub's own (it has a SharedAccessKeyName), which would let this device speak for every other; take the device's");
        else if (device.Length == 0) problems.Add("has no DeviceId; take it from the device's page in the portal");
        if (parts.ContainsKey("GatewayHostName")) problems.Add("goes through a gateway (GatewayHostName), which this agent does not know");
        if (parts.ContainsKey("x509")) problems.Add("is for a certificate (x509); write host instead of connection-string, with the link's certificate and key");
        else if (key.Length == 0) problems.Add("has no SharedAccessKey");
        else if (!Convert.TryFromBase64String(key, new byte[key.Length], out _)) problems.Add("has a SharedAccessKey that is not base64; copy it whole, with the signs = at its end");
        return (problems.Count == 0 ? new IotHubConnectionString(host, device, key) : null, problems);

        string Part(string name) => parts.GetValueOrDefault(name, "");
    }

    public override string ToString() => $"HostName={Host};DeviceId={Device}";
}
