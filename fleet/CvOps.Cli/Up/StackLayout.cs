using CvOps.Contracts;
using CvOps.Contracts.Identity;

namespace CvOps.Cli.Up;

/// <summary>Where everything of a stack lies under its data folder.</summary>
internal sealed class StackLayout(string data)
{
    public string Data { get; } = Path.GetFullPath(data);

    public string Certificates => Path.Combine(Data, "certificates");

    public string CaCertificate => Path.Combine(Certificates, "ca.pem");

    public string Broker => Path.Combine(Data, "broker");

    public string FleetData => Path.Combine(Data, "fleet");

    public string Keys => Path.Combine(Data, "keys");

    /// <summary>The fleet's own key, which signs what it trained.</summary>
    public string FleetKey => Path.Combine(Keys, "fleet.key");

    /// <summary>The operator's key, which signs what people pack.</summary>
    public string OperatorKey => Path.Combine(Keys, "operator.key");

    /// <summary>Public keys that devices and fleet accept.</summary>
    public string TrustedKeys => Path.Combine(Data, "trusted-keys");

    /// <summary>What the programs of this machine show the fleet.</summary>
    /// <summary>What Prometheus shows the fleet.</summary>
    public string MetricsToken => Path.Combine(Data, "metrics.token");

    public string LocalToken => Path.Combine(Data, LocalTokenFile.Name);

    public string Models => Path.Combine(Data, "models");

    public string Log(string part) => Path.Combine(Data, "logs", part + ".log");

    /// <summary>Certificate and key of the broker, the fleet or a device.</summary>
    public IdentityFiles Identity(string name) => IdentityFiles.In(Certificates, name);

    public string DeviceData(DeviceId device) => Path.Combine(Data, "devices", device.Value);

    public string DeviceYaml(DeviceId device) => Path.Combine(DeviceData(device), "agent.yaml");
}
