using System.ComponentModel.DataAnnotations;
using System.Net;
using CvOps.Contracts.Identity;
using CvOps.Fleet.Serving;
using CvOps.Fleet.Training;
using CvOps.Observability.Export;

namespace CvOps.Fleet;

/// <summary>Finds every mistake in the settings, not just the first.</summary>
internal static class FleetOptionsValidation
{
    public static IEnumerable<string> Mistakes(FleetOptions options)
    {
        var ranges = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), ranges, validateAllProperties: true);
        foreach (var range in ranges) yield return range.ErrorMessage ?? "A setting is out of its range.";
        if (options.LinkLifetime <= TimeSpan.Zero) yield return $"LinkLifetime is {options.LinkLifetime}; it must be longer than nothing, e.g. 30.00:00:00.";

        if (options.OfflineAfter <= options.OverdueAfter)
            yield return $"OfflineAfter is {options.OfflineAfter}; it must be longer than OverdueAfter, {options.OverdueAfter}: a device is overdue before it counts as offline.";

        foreach (var mistake in HttpMistakes(options)) yield return mistake;
        if (options.PublicUrl is { } open && (!Uri.TryCreate(open, UriKind.Absolute, out var seen) || seen.Scheme is not ("http" or "https")))
            yield return $"--public-url '{open}' is no http or https address.";

        if (!Uri.TryCreate(options.Broker, UriKind.Absolute, out var broker) || broker.Scheme is not ("mqtt" or "mqtts"))
            yield return $"--broker '{options.Broker}' is no broker address; write it as mqtts://host:8883.";
        else if (broker.Scheme == "mqtts")
        {
            if (options.Ca is null) yield return "--ca is missing: mqtts needs the PEM of the authority that signed the broker's certificate.";
            if (options.Certificate is null) yield return "--certificate is missing: the fleet shows the broker a client certificate (PEM).";
            if (options.Key is null) yield return "--key is missing: the key of the client certificate (PEM).";
        }
        if (options.TrustedKeys is null) yield return "--trusted-keys is missing: a folder with the public keys (*.pem) whose model packages may enter.";
        else if (!Directory.Exists(options.TrustedKeys)) yield return $"--trusted-keys {options.TrustedKeys}: there is no such folder.";

        foreach (var (option, path) in new[] { ("--ca", options.Ca), ("--certificate", options.Certificate), ("--key", options.Key), ("--signing-key", options.SigningKey), ("--http-certificate", options.HttpCertificate), ("--http-key", options.HttpKey) })
            if (path is not null && !File.Exists(path)) yield return $"{option} {path}: there is no such file.";
        foreach (var (option, path) in new[] { ("--key", options.Key), ("--signing-key", options.SigningKey), ("--local-token", options.LocalToken), ("--http-key", options.HttpKey) })
            if (path is not null && SecretFile.Problem(path) is { } problem) yield return $"{option}: {problem}.";

        foreach (var mistake in AuthorityMistakes(options)) yield return mistake;
        if (SiloWiring.Mistake(options) is { } cluster) yield return cluster;
        if (options.SiloAddress is { } silo && !IPAddress.TryParse(silo, out _)) yield return $"SiloAddress '{silo}' is no IP address; name the one of this machine at which the other silos reach it.";
        foreach (var mistake in TrainerCatalog.Mistakes(options)) yield return mistake;
        foreach (var mistake in Alerts.AlertOptions.Mistakes(options)) yield return mistake;
        if (options.OtlpEndpoint is { } collector && OtlpTarget.Mistake(collector) is { } otlp) yield return $"--otlp-endpoint {otlp}.";
        foreach (var mistake in options.Oidc?.Mistakes() ?? []) yield return mistake;
        foreach (var mistake in options.Bucket?.Mistakes() ?? []) yield return mistake;
        if (File.Exists(options.Data)) yield return $"--data {options.Data} is a file; name a folder.";
    }

    private static IEnumerable<string> HttpMistakes(FleetOptions options)
    {
        if (!Uri.TryCreate(options.Http, UriKind.Absolute, out var http) || http.Scheme is not ("http" or "https"))
            yield return $"--http '{options.Http}' is no address; write it as http://127.0.0.1:8080 or https://0.0.0.0:8443.";
        else if (http.Scheme == "https")
        {
            if (options.HttpCertificate is null) yield return "--http-certificate is missing: https needs the PEM of the certificate that browsers and devices are shown.";
            if (options.HttpKey is null) yield return "--http-key is missing: the key of that certificate (PEM).";
            if (options is { HttpCertificate: { } certificate, HttpKey: { } key } && File.Exists(certificate) && File.Exists(key) && HttpsCertificate.Problem(certificate, key) is { } problem)
                yield return $"--http-certificate {certificate} with --http-key {key} cannot be shown: {problem}.";
        }
        else if (!options.AllowPlainNetwork && !IsLoopback(http))
            yield return $"--http {options.Http} would send passwords and tokens over the network as anybody there can read them. "
                + "Write https:// and name --http-certificate and --http-key, listen on 127.0.0.1 behind a reverse proxy that speaks TLS, or add --allow-plain-network if this network is yours alone.";
    }

    private static IEnumerable<string> AuthorityMistakes(FleetOptions options)
    {
        if (options.Authority is not { } folder) yield break;
        if (!CertificateAuthority.Exists(folder)) yield return $"--authority {folder}: there is no ca.pem with ca.key in it.";
        else if (SecretFile.Problem(Path.Combine(folder, "ca.key")) is { } open) yield return $"--authority: {open}.";
        foreach (var broker in options.Brokers)
            if (!Uri.TryCreate(broker, UriKind.Absolute, out var address) || address.Scheme is not "mqtts")
                yield return $"--public-brokers '{broker}': devices with a certificate need an address such as mqtts://broker.example:8883.";
    }

    private static bool IsLoopback(Uri address) =>
        address.IsLoopback || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip));
}
