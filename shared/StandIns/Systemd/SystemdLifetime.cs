using System.Runtime.InteropServices;

namespace Microsoft.Extensions.Hosting.Systemd;

/// <summary>READY=1 when the application has started, STOPPING=1 when it begins to stop, and SIGTERM stops it.</summary>
public class SystemdLifetime : IHostLifetime, IDisposable
{
    private readonly IHostApplicationLifetime _application;
    private readonly ISystemdNotifier _notifier;
    private CancellationTokenRegistration _started;
    private CancellationTokenRegistration _stopping;
    private PosixSignalRegistration? _sigterm;

    public SystemdLifetime(IHostApplicationLifetime applicationLifetime, ISystemdNotifier systemdNotifier)
    {
        ArgumentNullException.ThrowIfNull(applicationLifetime);
        ArgumentNullException.ThrowIfNull(systemdNotifier);
        _application = applicationLifetime;
        _notifier = systemdNotifier;
    }

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _started = _application.ApplicationStarted.Register(() => _notifier.Notify(ServiceState.Ready));
        _stopping = _application.ApplicationStopping.Register(() => _notifier.Notify(ServiceState.Stopping));
        _sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            _application.StopApplication();
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _sigterm?.Dispose();
        _started.Dispose();
        _stopping.Dispose();
        GC.SuppressFinalize(this);
    }
}
