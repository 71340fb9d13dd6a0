using System.Net.Sockets;

namespace Microsoft.Extensions.Hosting.Systemd;

/// <summary>sd_notify(3) over the datagram socket that NOTIFY_SOCKET names.</summary>
public class SystemdNotifier : ISystemdNotifier
{
    private const string NotifySocket = "NOTIFY_SOCKET";
    private readonly string? _path;

    public SystemdNotifier()
        : this(Environment.GetEnvironmentVariable(NotifySocket))
    {
    }

    // '@' stands for the zero byte that begins an abstract socket's name.
    internal SystemdNotifier(string? path) =>
        _path = string.IsNullOrEmpty(path) ? null : path[0] == '@' ? string.Concat("\0", path.AsSpan(1)) : path;

    public bool IsEnabled => _path is not null;

    public void Notify(ServiceState state)
    {
        if (_path is null) return;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        // A connection per message: the manager may have been restarted since the last one.
        socket.Connect(new UnixDomainSocketEndPoint(_path));
        socket.Send(state.Data);
    }
}
