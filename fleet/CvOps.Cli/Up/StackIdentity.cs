using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Packages;

namespace CvOps.Cli.Up;

/// <summary>Certificates, signing keys and the broker's configuration of a stack. Whatever is there already stays.</summary>
internal static class StackIdentity
{
    private const string Broker = "broker";

    public static void Prepare(StackLayout layout, int brokerPort, int fleetPort)
    {
        using var authority = Authority(layout);
        var server = IdentityFiles.In(layout.Certificates, Broker);
        if (!server.Exist) authority.IssueServer(["localhost", "127.0.0.1"]).Save(layout.Certificates, Broker);
        foreach (var client in new[] { CertificateAuthority.FleetName, CertificateAuthority.ReaderName })
        {
            if (!layout.Identity(client).Exist) authority.IssueClient(client).Save(layout.Certificates, client);
        }
        var revoked = Path.Combine(layout.Certificates, BrokerConfig.RevocationFileName);
        if (!File.Exists(revoked)) PemFile.WriteCertificate(revoked, authority.RevocationList([], 0).Pem);
        new BrokerConfig { Port = brokerPort, FleetPort = fleetPort, Folder = layout.Broker, AuthorityFile = authority.CertificatePath, Server = server, RevocationList = revoked }.Write();
        Key(layout, layout.FleetKey, "fleet");
        Key(layout, layout.OperatorKey, "operator");
    }

    public static void Issue(StackLayout layout, DeviceId device)
    {
        if (layout.Identity(device.Value).Exist) return;
        using var authority = Authority(layout);
        authority.IssueDevice(device).Save(layout.Certificates, device.Value);
    }

    private static CertificateAuthority Authority(StackLayout layout) =>
        CertificateAuthority.Exists(layout.Certificates) ? CertificateAuthority.Load(layout.Certificates) : CertificateAuthority.Create(layout.Certificates);

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
