using System.Security.Cryptography.X509Certificates;

namespace Microsoft.Azure.Devices.Shared;

public enum TransportFallbackType
{
    TcpWithWebSocketFallback,
    WebSocketOnly,
    TcpOnly,
}

/// <summary>What a device proves itself with to the provisioning service.</summary>
public abstract class SecurityProvider : IDisposable
{
    public abstract string GetRegistrationID();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}

/// <summary>An individual enrolment's key, or one derived for the device from a group's. Base64.</summary>
public class SecurityProviderSymmetricKey(string registrationId, string primaryKey, string? secondaryKey) : SecurityProvider
{
    public override string GetRegistrationID() => registrationId;

    public string GetPrimaryKey() => primaryKey;

    public string? GetSecondaryKey() => secondaryKey;

    protected override void Dispose(bool disposing)
    {
        // Nothing of its own.
    }
}

/// <summary>A certificate, whose common name is the registration id; it stays the caller's.</summary>
public class SecurityProviderX509Certificate(X509Certificate2 clientCertificate) : SecurityProvider
{
    public override string GetRegistrationID() => clientCertificate.GetNameInfo(X509NameType.DnsName, false);

    public X509Certificate2 GetAuthenticationCertificate() => clientCertificate;

    protected override void Dispose(bool disposing)
    {
        // As the original: the certificate is not its own.
    }
}
