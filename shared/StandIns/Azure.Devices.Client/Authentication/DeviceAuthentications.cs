using System.Security.Cryptography.X509Certificates;

namespace Microsoft.Azure.Devices.Client;

/// <summary>The device's symmetric key; tokens are made of it as they are needed.</summary>
public sealed class DeviceAuthenticationWithRegistrySymmetricKey : IAuthenticationMethod
{
    /// <param name="key">Base64.</param>
    /// <exception cref="ArgumentException">It is not base64.</exception>
    public DeviceAuthenticationWithRegistrySymmetricKey(string deviceId, string key)
    {
        if (string.IsNullOrWhiteSpace(deviceId)) throw new ArgumentNullException(nameof(deviceId));
        if (string.IsNullOrWhiteSpace(key)) throw new ArgumentNullException(nameof(key));
        DeviceId = deviceId;
        try
        {
            Key = Convert.FromBase64String(key);
        }
        catch (FormatException e)
        {
            throw new ArgumentException("Key must be base64 encoded", nameof(key), e);
        }
    }

    public string DeviceId { get; set; }

    public byte[] Key { get; set; }

    public string KeyAsBase64String => Convert.ToBase64String(Key);

    public IotHubConnectionStringBuilder Populate(IotHubConnectionStringBuilder iotHubConnectionStringBuilder)
    {
        ArgumentNullException.ThrowIfNull(iotHubConnectionStringBuilder);
        iotHubConnectionStringBuilder.DeviceId = DeviceId;
        iotHubConnectionStringBuilder.SharedAccessKey = KeyAsBase64String;
        return iotHubConnectionStringBuilder;
    }
}

/// <summary>A client certificate; the hub knows its thumbprint or its authority.</summary>
public sealed class DeviceAuthenticationWithX509Certificate : IAuthenticationMethod, IDisposable
{
    public DeviceAuthenticationWithX509Certificate(string deviceId, X509Certificate2 certificate)
    {
        if (string.IsNullOrWhiteSpace(deviceId)) throw new ArgumentNullException(nameof(deviceId));
        DeviceId = deviceId;
        Certificate = certificate;
    }

    public string DeviceId { get; set; }

    /// <summary>With its private key; stays the caller's.</summary>
    public X509Certificate2 Certificate { get; set; }

    public IotHubConnectionStringBuilder Populate(IotHubConnectionStringBuilder iotHubConnectionStringBuilder)
    {
        ArgumentNullException.ThrowIfNull(iotHubConnectionStringBuilder);
        iotHubConnectionStringBuilder.DeviceId = DeviceId;
        iotHubConnectionStringBuilder.UsingX509Cert = true;
        iotHubConnectionStringBuilder.Certificate = Certificate;
        return iotHubConnectionStringBuilder;
    }

    public void Dispose()
    {
        // As the original: the certificate is not its own.
    }
}
