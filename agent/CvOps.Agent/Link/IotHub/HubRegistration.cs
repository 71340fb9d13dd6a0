using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using Microsoft.Azure.Devices.Provisioning.Client;
using Microsoft.Azure.Devices.Provisioning.Client.Transport;
using Microsoft.Azure.Devices.Shared;

namespace CvOps.Agent.Link.IotHub;

/// <summary>Asks Azure's device provisioning service which hub this device belongs to, and remembers it until that hub turns the device away.</summary>
internal sealed class HubRegistration
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private string? _hub;

    /// <summary>The hub may not be ours any more: ask again next time.</summary>
    public void Forget() => _hub = null;

    /// <returns>The hub's host name.</returns>
    /// <exception cref="IOException">The service does not send this device to a hub; the message says why.</exception>
    /// <exception cref="CryptographicException">The key is none.</exception>
    public async Task<string> HubAsync(IotHubOptions options, DeviceId device, string? key, X509Certificate2? certificate, HubTrust trust, CancellationToken cancellationToken)
    {
        if (_hub is { } known) return known;
        using var security = key is not null ? (SecurityProvider)new SecurityProviderSymmetricKey(device.Value, key, null) : new SecurityProviderX509Certificate(certificate!);
        using var transport = new ProvisioningTransportHandlerMqtt(TransportFallbackType.TcpOnly) { RemoteCertificateValidationCallback = trust.Callback };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        try
        {
            var client = ProvisioningDeviceClient.Create(options.ProvisioningHost, options.IdScope!, security, transport);
            var result = await client.RegisterAsync(limit.Token).WaitAsync(limit.Token);
            if (result.Status != ProvisioningRegistrationStatusType.Assigned || result.AssignedHub is not { Length: > 0 } hub)
                throw new IOException($"the provisioning service answered {result.Status}: {result.ErrorMessage ?? "no hub is assigned"}; look at the enrolment of '{device}'");
            if (result.DeviceId != device.Value)
                throw new IOException($"the provisioning service calls this device '{result.DeviceId}', and its own name is '{device}'; they must have one name");
            return _hub = hub;
        }
        catch (ProvisioningTransportException e)
        {
            var innermost = e.GetBaseException().Message;
            throw new IOException($"the provisioning service {options.ProvisioningHost} did not register '{device}': {(e.Message.Contains(innermost, StringComparison.Ordinal) ? e.Message : $"{e.Message} ({innermost})")}; check id-scope, the enrolment and its key or certificate, and this machine's clock", e);
        }
    }
}
