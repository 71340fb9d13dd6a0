using System.Net;
using System.Security.Cryptography.X509Certificates;
using CvOps.Fleet.Serving;

namespace CvOps.Fleet;

/// <summary><c>cvops-fleet health</c>: asks the fleet of this machine or container how it is, where there is neither shell nor curl.</summary>
internal static class HealthCommand
{
    private const int ConfigurationMistake = 78;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static bool IsMeant(string[] args) => args is ["health", ..];

    /// <param name="args">With <c>--ready</c>: whether requests belong there. Others as for the fleet itself; <c>--http</c> and <c>Fleet__Http</c> say where it listens.</param>
    /// <returns>Exit code: 0 well, 1 not, 78 a mistake in what was asked.</returns>
    public static async Task<int> RunAsync(string[] args, string workingFolder, TextWriter output, TextWriter errors)
    {
        var path = args.Contains("--ready") ? Readiness.ReadyPath : Readiness.LivePath;
        var (options, mistakes) = CommandLine.Some([.. args[1..].Where(arg => arg != "--ready")], workingFolder);
        if (mistakes.Count == 0 && AddressOf(options.Http) is null) mistakes = [$"--http '{options.Http}' is no address that can be asked; name the one where the fleet listens, with its port."];
        if (mistakes.Count > 0)
        {
            foreach (var mistake in mistakes) errors.WriteLine(mistake);
            return ConfigurationMistake;
        }
        var address = new Uri(AddressOf(options.Http)!, path);
        // The certificate names the machine as others call it: here it only has to be the one of the settings, where they have one.
        var expected = options.HttpCertificate is { } file && File.Exists(file) ? X509CertificateLoader.LoadCertificateFromFile(file).GetCertHashString() : null;
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => expected is null || shown?.GetCertHashString() == expected } };
        using var http = new HttpClient(handler) { Timeout = Patience };
        try
        {
            using var answer = await http.GetAsync(address);
            var said = (await answer.Content.ReadAsStringAsync()).Trim();
            (answer.IsSuccessStatusCode ? output : errors).WriteLine(answer.IsSuccessStatusCode ? said : $"{address} answers {(int)answer.StatusCode}: {said}");
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            errors.WriteLine($"{address} does not answer: {e.GetBaseException().Message}");
            return 1;
        }
    }

    /// <summary>Where this machine reaches what listens on an address, that of all its networks included.</summary>
    private static Uri? AddressOf(string http)
    {
        if (!Uri.TryCreate(http, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Port == 0) return null;
        var everywhere = IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));
        return everywhere ? new UriBuilder(address) { Host = ip!.Equals(IPAddress.Any) ? "127.0.0.1" : "[::1]" }.Uri : address;
    }
}
