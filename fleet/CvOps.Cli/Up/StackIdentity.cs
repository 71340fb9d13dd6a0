using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Packages;

namespace CvOps.Cli.Up;

/// <summary>Certificates, signing keys and the broker's configuration of a stack. Whatever is there already stays.</summary>
internal static class StackIdentity
{
    public static void Prepare(StackLayout layout, int brokerPort)
    {
        using var authority = CertificateAuthority.LoadOrCreate(layout.Certificates, TimeProvider.System);
        if (!File.Exists(layout.Certificate("broker"))) authority.IssueServer("broker", "localhost", "127.0.0.1").Save(layout.Certificates, "broker");
        if (!File.Exists(layout.Certificate(BrokerConfig.FleetName))) authority.IssueClient(BrokerConfig.FleetName).Save(layout.Certificates, BrokerConfig.FleetName);
        new BrokerConfig { Port = brokerPort, Certificates = layout.Certificates, Folder = layout.Broker, User = Environment.UserName == "root" ? "root" : null }.Write();
        Key(layout, layout.FleetKey, "fleet");
        Key(layout, layout.OperatorKey, "operator");
    }

    public static void Issue(StackLayout layout, DeviceId device)
    {
        if (File.Exists(layout.Certificate(device.Value))) return;
        using var authority = CertificateAuthority.LoadOrCreate(layout.Certificates, TimeProvider.System);
        authority.IssueDevice(device).Save(layout.Certificates, device.Value);
    }

    private static void Key(StackLayout layout, string file, string name)
    {
        if (File.Exists(file)) return;
        Directory.CreateDirectory(layout.Keys);
        Directory.CreateDirectory(layout.TrustedKeys);
        using var key = SigningKeys.Create();
        SigningKeys.Save(key, file);
        SigningKeys.SavePublic(key, Path.Combine(layout.TrustedKeys, name + ".pem"));
    }
}
