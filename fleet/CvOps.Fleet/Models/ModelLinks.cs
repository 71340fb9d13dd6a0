using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Models;

/// <summary>
/// Download links for devices: the address carries a token that opens one package and its chunk list until a time. The token is
/// <c>expiry.HMAC-SHA256(digest.expiry)</c> under a key of this fleet's own, kept in its data folder.
/// </summary>
internal sealed class ModelLinks(IOptions<FleetOptions> options, IServer server, TimeProvider time)
{
    private readonly Lazy<byte[]> _key = new(() => LoadOrCreateKey(Path.Combine(options.Value.Data, "links.key")));

    /// <summary>Where a device fetches the package. Opens for <see cref="FleetOptions.LinkLifetime"/> from now.</summary>
    /// <exception cref="InvalidOperationException">The server does not listen yet and no public address is configured.</exception>
    public Uri For(string digest) => Link(digest, "package");

    /// <summary>Where a device fetches the package's chunk list. The token is of the same kind and opens both.</summary>
    /// <inheritdoc cref="For"/>
    public Uri ForChunks(string digest) => Link(digest, "chunks");

    /// <summary>Where a device fetches a program of the agent's. The token is of the same kind.</summary>
    /// <inheritdoc cref="For"/>
    public Uri ForProgram(string digest) => Link(digest, "package", "programs");

    /// <summary>True for a link made here that is over within half of <see cref="FleetOptions.LinkLifetime"/>: a device should get a fresh one.</summary>
    public bool IsAging(Uri link)
    {
        var token = link.Query.Split("token=").Last();
        return long.TryParse(token.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var expiry)
            && time.GetUtcNow() + (options.Value.LinkLifetime / 2) >= DateTimeOffset.FromUnixTimeSeconds(Math.Min(expiry, DateTimeOffset.MaxValue.ToUnixTimeSeconds()));
    }

    /// <summary>True for a token made here for that digest whose time is not over.</summary>
    public bool Opens(string digest, string token)
    {
        var dot = token.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || !long.TryParse(token.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var expiry)) return false;
        var expected = Encoding.ASCII.GetBytes(Token(digest, DateTimeOffset.FromUnixTimeSeconds(Math.Min(expiry, DateTimeOffset.MaxValue.ToUnixTimeSeconds()))));
        return CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(token)) && time.GetUtcNow().ToUnixTimeSeconds() < expiry;
    }

    private Uri Link(string digest, string what, string of = "models") =>
        new(new Uri(BaseAddress()), $"{ApiRoutes.Root}/{of}/{digest}/{what}?token={Token(digest, time.GetUtcNow() + options.Value.LinkLifetime)}");

    private string Token(string digest, DateTimeOffset expires)
    {
        var expiry = expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"{expiry}.{Convert.ToHexStringLower(HMACSHA256.HashData(_key.Value, Encoding.ASCII.GetBytes($"{digest}.{expiry}")))}";
    }

    private string BaseAddress() => options.Value.PublicUrl
        ?? server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
        ?? throw new InvalidOperationException("The fleet does not listen yet, so it knows no address to give to devices. Set Fleet:PublicUrl.");

    private static byte[] LoadOrCreateKey(string path)
    {
        if (OperatingSystem.IsWindows()) throw new PlatformNotSupportedException("The fleet runs on Linux: its keys are guarded by file modes.");
        if (!File.Exists(path))
        {
            var fresh = $"{path}.{Guid.NewGuid():N}";
            using (var file = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                file.Write(RandomNumberGenerator.GetBytes(32));
                DurableFile.Sync(file);
            }
            try
            {
                File.Move(fresh, path);
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another fleet on the same folder was faster: its key is everybody's.
                File.Delete(fresh);
            }
        }
        return File.ReadAllBytes(path);
    }
}
