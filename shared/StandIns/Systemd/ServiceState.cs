using System.Text;

namespace Microsoft.Extensions.Hosting.Systemd;

/// <summary>An assignment of sd_notify(3), such as <c>READY=1</c> or <c>WATCHDOG=1</c>; several are separated by line feeds.</summary>
public readonly struct ServiceState
{
    private readonly byte[]? _data;

    public ServiceState(string state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _data = Encoding.UTF8.GetBytes(state);
    }

    /// <summary>Start-up is finished.</summary>
    public static readonly ServiceState Ready = new("READY=1");

    /// <summary>The service is beginning its shutdown.</summary>
    public static readonly ServiceState Stopping = new("STOPPING=1");

    public override string ToString() => Encoding.UTF8.GetString(Data);

    internal ReadOnlySpan<byte> Data => _data;
}
