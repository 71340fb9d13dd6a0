using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;

namespace CvOps.Agent.Link;

/// <summary>
/// Whether a broker's certificate is believed: it comes from the fleet's authority, names the host that was asked for, and is valid now. Remembers in
/// words why one was not.
/// </summary>
/// <param name="authority">The only roots believed.</param>
/// <param name="host">As written in <c>link: brokers</c>.</param>
internal sealed class BrokerTrust(X509Certificate2Collection authority, string host, TimeProvider time)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1"); // RFC 5280, 4.2.1.12

    /// <summary>Why the last certificate was not believed, and what to do; null when it was, or none was shown yet.</summary>
    public string? Distrust { get; private set; }

    public bool Accepts(MqttClientCertificateValidationEventArgs shown)
    {
        using var certificate = shown.Certificate is { } bare ? X509CertificateLoader.LoadCertificate(bare.GetRawCertData()) : null;
        Distrust = certificate is null ? "it showed no certificate; is TLS turned on there?" : Problem(certificate, shown);
        return Distrust is null;
    }

    private string? Problem(X509Certificate2 certificate, MqttClientCertificateValidationEventArgs shown)
    {
        var now = time.GetUtcNow();
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authority);
        foreach (var element in shown.Chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(ServerAuthentication);
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        var believed = chain.Build(certificate);
        var wrong = chain.ChainStatus.Select(status => status.Status).ToHashSet();
        foreach (var element in chain.ChainElements) element.Certificate.Dispose();

        if (wrong.Overlaps([X509ChainStatusFlags.PartialChain, X509ChainStatusFlags.UntrustedRoot, X509ChainStatusFlags.NotSignatureValid]))
            return $"its certificate was issued by '{certificate.Issuer}', which is not the authority in link: ca ({string.Join(", ", authority.Select(root => $"'{root.Subject}'"))}): either another server answers at this address, or this device needs the ca.pem of the fleet it belongs to";
        if (certificate.NotBefore.ToUniversalTime() > now)
            return $"its certificate is valid only from {Day(certificate.NotBefore)}, and this device's clock says {Day(now)}: set the clock of this device (NTP), or of whoever issued the certificate";
        if (certificate.NotAfter.ToUniversalTime() < now)
            return $"its certificate expired on {Day(certificate.NotAfter)}, and this device's clock says {Day(now)}: renew the broker's certificate, or set the clock of this device";
        if (wrong.Contains(X509ChainStatusFlags.NotTimeValid))
            return $"the authority's certificate in link: ca is not valid at {Day(now)}, which is what this device's clock says: set the clock, or install the authority's new ca.pem";
        if (shown.SslPolicyErrors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return $"its certificate is for {Names(certificate)}, not for '{host}': write one of those names in link: brokers, or have the broker's certificate issued for '{host}' too";
        return believed ? null : $"its certificate is not to be used so ({string.Join(", ", wrong)}): have the broker's certificate issued by the fleet's authority";
    }

    private static string Names(X509Certificate2 certificate)
    {
        var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().ToList();
        string[] names = [.. alternatives.SelectMany(it => it.EnumerateDnsNames()), .. alternatives.SelectMany(it => it.EnumerateIPAddresses()).Select(address => address.ToString())];
        return names.Length > 0 ? string.Join(", ", names.Select(name => $"'{name}'")) : $"'{certificate.Subject}'";
    }

    private static string Day(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);

    private static string Day(DateTime local) => Day(new DateTimeOffset(local.ToUniversalTime()));
}
