using System.ComponentModel.DataAnnotations;
using CvOps.Contracts.Identity;

namespace CvOps.Agent.Link.IotHub;

/// <summary>Azure IoT Hub as the way to the fleet. Either a connection string, or the hub's name and the link's certificate and key.</summary>
internal sealed record IotHubOptions
{
    /// <summary>A file with the device's connection string, as the portal shows it; that only this user may read (mode 0600).</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Host name of the hub, such as <c>plant-a.azure-devices.net</c>, for a device that has a certificate.</summary>
    public string? Host { get; init; }

    /// <summary>How long a token made of the connection string's key holds; it is renewed when 15 % of that is left.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "1.00:00:00")]
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What is wrong with the section, together with the link around it.</summary>
    /// <returns>The link's member it is about, and a sentence.</returns>
    public IEnumerable<(string Member, string Problem)> Problems(LinkOptions link)
    {
        const string Here = nameof(LinkOptions.Iothub);
        if (link.Brokers.Count > 0) yield return (nameof(LinkOptions.Brokers), "there is a hub already; name brokers or iothub, not both");
        if (link.User is not null || link.PasswordFile is not null) yield return (nameof(LinkOptions.User), "a hub knows no users; remove it");
        if (link.Ca is not null && !File.Exists(link.Ca)) yield return (nameof(LinkOptions.Ca), $"the file '{link.Ca}' does not exist");
        if (ConnectionString is not null)
        {
            if (Host is not null) yield return (Here, "the connection string names the hub already; write connection-string or host, not both");
            if (link.Certificate is not null) yield return (nameof(LinkOptions.Certificate), "the connection string holds a key, so no certificate is shown; remove it, or write host instead of connection-string");
            foreach (var problem in IotHubConnectionString.Read(ConnectionString).Problems) yield return (Here, problem);
            yield break;
        }
        if (Host is null)
        {
            yield return (Here, "write connection-string, or host with the link's certificate and key");
            yield break;
        }
        if (Uri.CheckHostName(Host) == UriHostNameType.Unknown) yield return (Here, $"'{Host}' is no host name; write one such as plant-a.azure-devices.net");
        foreach (var (name, path) in new[] { (nameof(LinkOptions.Certificate), link.Certificate), (nameof(LinkOptions.Key), link.Key) })
        {
            if (string.IsNullOrEmpty(path)) yield return (name, "a hub without a connection string needs it; name the file");
            else if (!File.Exists(path)) yield return (name, $"the file '{path}' does not exist");
        }
        if (!string.IsNullOrEmpty(link.Key) && SecretFile.Problem(link.Key) is { } open) yield return (nameof(LinkOptions.Key), open);
    }
}
