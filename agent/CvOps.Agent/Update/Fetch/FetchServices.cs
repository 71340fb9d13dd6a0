using System.Net;
using CvOps.Agent.Configuration;
using CvOps.Agent.Link;
using CvOps.Agent.Update.Fetch.Neighbours;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update.Fetch;

internal static class FetchServices
{
    private const int Redirections = 5;
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan NeighbourConnectTime = TimeSpan.FromSeconds(2);

    public static IServiceCollection AddFetch(this IServiceCollection services, AgentOptions options)
    {
        var sharing = options.Update.Serve != UpdateOptions.Off || options.Update.Neighbours.Count > 0;
        return services
            .AddSingleton<FetchBoard>()
            .AddSingleton(provider => new PackageDownload(
                Client(ConnectTime, options.Link.Ca), provider.GetRequiredService<ModelFolder>(), options.Update, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PackageDownload>>(),
                sharing ? Neighbours(provider, options) : null))
            .AddHostedService(provider => new NeighbourServer(
                options.Update, options.Device, provider.GetRequiredService<ModelFolder>(), provider.GetRequiredService<FetchBoard>(), provider.GetRequiredService<TimeProvider>()));
    }

    /// <summary>A client without a time limit of its own: whoever reads knows how long nothing may come. It decodes nothing by itself, since parts of an encoded file are no parts of the file.</summary>
    /// <param name="authority">PEM of whom to believe besides the machine's authorities.</param>
    public static HttpClient Client(TimeSpan connectTime, string? authority = null) => new(new SocketsHttpHandler
    {
        AutomaticDecompression = DecompressionMethods.None, MaxAutomaticRedirections = Redirections, ConnectTimeout = connectTime, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        SslOptions = { RemoteCertificateValidationCallback = FleetTrust.With(authority) },
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    private static SiteNeighbours Neighbours(IServiceProvider provider, AgentOptions options) => new(
        Client(NeighbourConnectTime), options.Device, options.Update.Neighbours, provider.GetRequiredService<FetchBoard>(), provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<ILogger<SiteNeighbours>>());
}
