using System.Net;
using System.Net.Sockets;

namespace CvOps.Fleet.Alerts.Channels;

/// <summary>Which addresses a name has just now.</summary>
internal interface INameResolver
{
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancel);
}

/// <summary>As the operating system knows it.</summary>
internal sealed class SystemNames : INameResolver
{
    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancel) => Dns.GetHostAddressesAsync(host, cancel);
}

/// <summary>A connection is refused by rule, not by the network.</summary>
internal sealed class AddressRefusedException(string message) : Exception(message);

/// <summary>
/// HTTP that goes only where <see cref="AddressRule"/> lets it: each connection resolves the name itself, and connects to the addresses it has looked at. No redirect is
/// followed, no proxy asked, no cookie kept.
/// </summary>
internal static class GuardedHttp
{
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);

    public static HttpClient Create(AddressRule rule, INameResolver names, TimeSpan patience) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseProxy = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None, ConnectTimeout = ConnectPatience,
        MaxResponseHeadersLength = 32, PooledConnectionLifetime = TimeSpan.FromMinutes(1), ConnectCallback = (context, cancel) => ConnectAsync(rule, names, context, cancel),
    })
    {
        Timeout = patience, MaxResponseContentBufferSize = 64 * 1024,
    };

    private static async ValueTask<Stream> ConnectAsync(AddressRule rule, INameResolver names, SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await names.ResolveAsync(host, cancel);
        if (addresses.Length == 0) throw new AddressRefusedException($"The name {host} has no address.");
        // One address that must not be is reason enough: an honest name does not lead to both.
        foreach (var address in addresses)
        {
            if (rule.Refusal(address) is { } refusal) throw new AddressRefusedException($"{host} is not connected to: {refusal}.");
            if (context.InitialRequestMessage.RequestUri?.Scheme == Uri.UriSchemeHttp && !rule.IsAllowed(address))
                throw new AddressRefusedException($"{host} is not connected to: without TLS everybody on the way could read the alerts. Use https.");
        }
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
