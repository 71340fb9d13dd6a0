using System.ComponentModel.DataAnnotations;
using CvOps.Contracts.Identity;

namespace CvOps.Agent.Link.IotHub;

/// <summary>
/// Azure IoT Hub as the way to the fleet. A connection string; or the hub's name and the link's certificate; or the id scope of a device provisioning
/// service that names the hub, with a key or the link's certificate.
/// </summary>
internal sealed record IotHubOptions
{
    private const string Here = nameof(LinkOptions.Iothub);

    /// <summary>A file with the device's connection string, as the portal shows it; that only this user may read (mode 0600).</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Host name of the hub, such as <c>plant-a.azure-devices.net</c>, for a device that has a certificate.</summary>
    public string? Host { get; init; }

    /// <summary>Of the device provisioning service; the device's name is its registration id.</summary>
    public string? IdScope { get; init; }

    /// <summary>A file with the enrolment's key, or the one derived for this device from a group's (base64); mode 0600.</summary>
    public string? SymmetricKey { get; init; }

    /// <summary>Where the device provisioning service is asked.</summary>
    [MinLength(1)]
    public string ProvisioningHost { get; init; } = "global.azure-devices-provisioning.net";

    /// <summary>How long a token made of a key holds; it is renewed when 15 % of that is left.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "1.00:00:00")]
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What is wrong with the section, together with the link around it.</summary>
    /// <returns>The link's member it is about, and a sentence.</returns>
    public IEnumerable<(string Member, string Problem)> Problems(LinkOptions link)
    {
        if (link.Brokers.Count > 0) yield return (nameof(LinkOptions.Brokers), "there is a hub already; name brokers or iothub, not both");
        if (link.User is not null || link.PasswordFile is not null) yield return (nameof(LinkOptions.User), "a hub knows no users; remove it");
        if (link.Ca is not null && !File.Exists(link.Ca)) yield return (nameof(LinkOptions.Ca), $"the file '{link.Ca}' does not exist");
        foreach (var (name, host) in new[] { ("host", Host), ("provisioning-host", ProvisioningHost) })
        {
            if (host is not null && Uri.CheckHostName(host) == UriHostNameType.Unknown) yield return (Here, $"'{host}' is no {name}; write one such as plant-a.azure-devices.net");
        }
        switch (new[] { ConnectionString, Host, IdScope }.Count(way => way is not null))
        {
            case 0:
                yield return (Here, "write connection-string, host with the link's certificate and key, or id-scope");
                yield break;
            case > 1:
                yield return (Here, "each of connection-string, host and id-scope leads to a hub; write one of them");
                yield break;
        }
        if (SymmetricKey is not null && IdScope is null) yield return (Here, "a symmetric-key is for the provisioning service (id-scope); a hub's own key stands in its connection string");
        if ((ConnectionString is not null || SymmetricKey is not null) && link.Certificate is not null)
            yield return (nameof(LinkOptions.Certificate), "there is a key, so no certificate is shown; remove one of them");
        foreach (var problem in ConnectionString is not null ? IotHubConnectionString.Read(ConnectionString).Problems : []) yield return (Here, problem);
        foreach (var problem in SymmetricKey is not null ? KeyProblems(SymmetricKey) : []) yield return (Here, problem);
        if (ConnectionString is null && SymmetricKey is null)
        {
            foreach (var problem in CertificateProblems(link)) yield return problem;
        }
    }

    private static IEnumerable<string> KeyProblems(string path)
    {
        string? text = null;
        var unreadable = File.Exists(path) ? null : $"the file '{path}' with the key does not exist";
        try
        {
            if (unreadable is null) text = File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            unreadable = $"the file '{path}' with the key cannot be read ({e.Message}); let this user read it";
        }
        if (unreadable is not null) yield return unreadable;
        if (SecretFile.Problem(path) is { } open) yield return open;
        if (text is not null && (text.Length == 0 || !Convert.TryFromBase64String(text, new byte[text.Length], out _))) yield return $"the file '{path}' holds no key in base64";
    }

    private static IEnumerable<(string Member, string Problem)> CertificateProblems(LinkOptions link)
    {
        foreach (var (name, path) in new[] { (nameof(LinkOptions.Certificate), link.Certificate), (nameof(LinkOptions.Key), link.Key) })
        {
            if (string.IsNullOrEmpty(path)) yield return (name, "a hub to which no key leads needs it; name the file");
            else if (!File.Exists(path)) yield return (name, $"the file '{path}' does not exist");
        }
        if (!string.IsNullOrEmpty(link.Key) && SecretFile.Problem(link.Key) is { } open) yield return (nameof(LinkOptions.Key), open);
    }
}
