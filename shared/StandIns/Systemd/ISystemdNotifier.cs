namespace Microsoft.Extensions.Hosting.Systemd;

/// <summary>Tells the service manager how this service is (sd_notify(3)).</summary>
public interface ISystemdNotifier
{
    /// <summary>Sends one state; does nothing when <see cref="IsEnabled"/> is false.</summary>
    void Notify(ServiceState state);

    /// <summary>True when the service manager gave this process a socket to notify it on.</summary>
    bool IsEnabled { get; }
}
