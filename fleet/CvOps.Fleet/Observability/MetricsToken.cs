using System.Security.Cryptography;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Rights;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Observability;

/// <summary>What Prometheus shows: the content of a file. It opens the metrics and nothing else, so that a scraper's configuration is no key to the fleet.</summary>
internal sealed class MetricsToken(IOptions<FleetOptions> options)
{
    /// <summary>The one address that it opens.</summary>
    public const string Path = "/metrics";

    public static readonly Principal Principal = new("metrics", PrincipalKind.Token, null, [new Grant(Permission.Read, null)]);

    private const string Prefix = "cvops_metrics_";
    private const int SecretBytes = 32;

    private readonly string? _hash = options.Value.MetricsToken is { } file ? Secrets.Hash(Ensure(file)) : null;

    public bool Opens(string path, string text) => path == Path && _hash is not null && Secrets.AreEqual(_hash, Secrets.Hash(text));

    /// <summary>Makes the file, unless there is one. Its group may read it: Prometheus is another user.</summary>
    /// <returns>The token.</returns>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static string Ensure(string path)
    {
        if (!File.Exists(path))
        {
            if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
            var mode = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) mode.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
            using var writer = new StreamWriter(path, mode);
            writer.Write(Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes)));
        }
        return File.ReadAllText(path).Trim() is var text && text.StartsWith(Prefix, StringComparison.Ordinal) && text.Length >= Prefix.Length + 2 * SecretBytes
            ? text
            : throw new InvalidDataException($"{path} holds no metrics token: delete it, and the next start makes a new one.");
    }
}
