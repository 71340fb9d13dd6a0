using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Microsoft.Azure.Devices.Client;

/// <summary>Which hub, which device, and what proves that it is this device.</summary>
public sealed partial class IotHubConnectionStringBuilder
{
    private IotHubConnectionStringBuilder(string hostName)
    {
        if (string.IsNullOrWhiteSpace(hostName)) throw new ArgumentNullException(nameof(hostName));
        if (!HostNameFormat().IsMatch(hostName)) throw new ArgumentException("The connection string has an invalid value for property: HostName.", nameof(hostName));
        HostName = hostName;
    }

    public string HostName { get; }

    public string? DeviceId { get; internal set; }

    /// <summary>Base64.</summary>
    public string? SharedAccessKey { get; internal set; }

    public bool UsingX509Cert { get; internal set; }

    internal X509Certificate2? Certificate { get; set; }

    /// <exception cref="ArgumentException">A part is missing or malformed.</exception>
    public static IotHubConnectionStringBuilder Create(string hostname, IAuthenticationMethod authenticationMethod)
    {
        ArgumentNullException.ThrowIfNull(authenticationMethod);
        var builder = authenticationMethod.Populate(new IotHubConnectionStringBuilder(hostname));
        if (string.IsNullOrWhiteSpace(builder.DeviceId)) throw new ArgumentException("DeviceId must be specified in connection string");
        if (!DeviceIdFormat().IsMatch(builder.DeviceId)) throw new ArgumentException("The connection string has an invalid value for property: DeviceId.");
        return builder;
    }

    [GeneratedRegex(@"[a-zA-Z0-9_\-\.]+$")]
    private static partial Regex HostNameFormat();

    [GeneratedRegex(@"^[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}$")]
    private static partial Regex DeviceIdFormat();
}
