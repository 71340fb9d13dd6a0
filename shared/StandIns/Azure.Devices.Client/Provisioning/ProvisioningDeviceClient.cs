using Microsoft.Azure.Devices.Provisioning.Client.Transport;
using Microsoft.Azure.Devices.Shared;

namespace Microsoft.Azure.Devices.Provisioning.Client;

public enum ProvisioningRegistrationStatusType
{
    Unassigned = 1,
    Assigning = 2,
    Assigned = 3,
    Failed = 4,
    Disabled = 5,
}

/// <summary>Which hub a device belongs to.</summary>
public class DeviceRegistrationResult
{
    public string RegistrationId { get; internal init; } = "";

    /// <summary>Host name; null unless assigned.</summary>
    public string? AssignedHub { get; internal init; }

    /// <summary>The device's name in that hub.</summary>
    public string? DeviceId { get; internal init; }

    public ProvisioningRegistrationStatusType Status { get; internal init; }

    public int ErrorCode { get; internal init; }

    public string? ErrorMessage { get; internal init; }
}

/// <summary>The service refused, or could not be asked.</summary>
public class ProvisioningTransportException(string message, Exception? innerException, bool isTransient) : Exception(message, innerException)
{
    public ProvisioningTransportException(string message)
        : this(message, null, false)
    {
    }

    public bool IsTransient { get; } = isTransient;
}

/// <summary>Asks the provisioning service which hub a device belongs to.</summary>
public class ProvisioningDeviceClient
{
    private readonly string _endpoint;
    private readonly string _idScope;
    private readonly SecurityProvider _security;
    private readonly ProvisioningTransportHandler _transport;

    private ProvisioningDeviceClient(string endpoint, string idScope, SecurityProvider security, ProvisioningTransportHandler transport) =>
        (_endpoint, _idScope, _security, _transport) = (endpoint, idScope, security, transport);

    public static ProvisioningDeviceClient Create(string globalDeviceEndpoint, string idScope, SecurityProvider securityProvider, ProvisioningTransportHandler transport) =>
        new(globalDeviceEndpoint, idScope, securityProvider, transport);

    /// <exception cref="ProvisioningTransportException">The service refused, or could not be asked.</exception>
    public Task<DeviceRegistrationResult> RegisterAsync(CancellationToken cancellationToken = default) => _transport.RegisterAsync(_endpoint, _idScope, _security, cancellationToken);
}
