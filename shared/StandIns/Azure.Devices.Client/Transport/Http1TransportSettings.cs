using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Microsoft.Azure.Devices.Client;

/// <summary>Of the requests about file uploads.</summary>
public sealed class Http1TransportSettings : ITransportSettings
{
    public TransportType GetTransportType() => TransportType.Http1;

    public X509Certificate2? ClientCertificate { get; set; }

    public TimeSpan DefaultReceiveTimeout => TimeSpan.FromMinutes(1);

    public IWebProxy? Proxy { get; set; }

    /// <summary>Used as it is, certificates included, instead of one of the client's own.</summary>
    public HttpClient? HttpClient { get; set; }
}
