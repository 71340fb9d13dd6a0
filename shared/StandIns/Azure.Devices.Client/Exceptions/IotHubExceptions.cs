namespace Microsoft.Azure.Devices.Client.Exceptions;

/// <summary>The hub refused something, or could not be asked.</summary>
public class IotHubException : Exception
{
    public IotHubException()
    {
    }

    public IotHubException(string message)
        : this(message, false)
    {
    }

    public IotHubException(string message, Exception? innerException)
        : this(message, innerException, false)
    {
    }

    public IotHubException(string message, bool isTransient)
        : this(message, null, isTransient)
    {
    }

    protected IotHubException(string message, Exception? innerException, bool isTransient)
        : base(message, innerException) => IsTransient = isTransient;

    /// <summary>Whether the same may succeed later.</summary>
    public bool IsTransient { get; protected set; }

    public string TrackingId { get; set; } = "";
}

/// <summary>The network failed, or the hub ended the connection.</summary>
public sealed class IotHubCommunicationException(string message, Exception? innerException) : IotHubException(message, innerException, true)
{
    public IotHubCommunicationException(string message)
        : this(message, null)
    {
    }
}

/// <summary>Too many operations for the hub's size: status 429.</summary>
public sealed class IotHubThrottledException(string message, Exception? innerException) : IotHubException(message, innerException, true)
{
    public IotHubThrottledException(string message)
        : this(message, null)
    {
    }
}

/// <summary>The day's messages are used up, or an upload too many is in progress: status 403.</summary>
public sealed class QuotaExceededException(string message, Exception? innerException) : IotHubException(message, innerException, true)
{
    public QuotaExceededException(string message)
        : this(message, null)
    {
    }
}

/// <summary>Status 503.</summary>
public sealed class ServerBusyException(string message, Exception? innerException) : IotHubException(message, innerException, true)
{
    public ServerBusyException(string message)
        : this(message, null)
    {
    }
}

/// <summary>Status 500.</summary>
public sealed class ServerErrorException(string message, Exception? innerException) : IotHubException(message, innerException, true)
{
    public ServerErrorException(string message)
        : this(message, null)
    {
    }
}

/// <summary>Status 413, or a topic that does not fit MQTT.</summary>
public sealed class MessageTooLargeException(string message, Exception? innerException) : IotHubException(message, innerException, false)
{
    public MessageTooLargeException(string message)
        : this(message, null)
    {
    }
}

/// <summary>The hub does not accept the credentials.</summary>
public sealed class UnauthorizedException(string message, Exception? innerException) : IotHubException(message, innerException, false)
{
    public UnauthorizedException(string message)
        : this(message, null)
    {
    }
}

/// <summary>The hub knows no such device, or it is disabled.</summary>
public sealed class DeviceNotFoundException(string message, Exception? innerException) : IotHubException(message, innerException, false)
{
    public DeviceNotFoundException(string message)
        : this(message, null)
    {
    }
}
