using CvOps.Contracts.Packages;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Web;

/// <summary>A key of the folder of trusted keys, and how it stands now.</summary>
internal sealed record TrustedKeyState(string Id, string Name, KeyState State, string Words);

/// <param name="Folder">Null: this fleet takes no packages.</param>
/// <param name="Problem">Why no key is believed, in a sentence.</param>
/// <param name="Version">Of the trust document; 0 without one.</param>
internal sealed record TrustState(string? Folder, string? Problem, long Version, DateTimeOffset Issued, IReadOnlyList<TrustedKeyState> Keys);

/// <summary>Reads whose packages are let in.</summary>
internal sealed class TrustView(IOptions<FleetOptions> options, TimeProvider time)
{
    public TrustState Read()
    {
        if (options.Value.TrustedKeys is not { } folder) return new TrustState(null, "This fleet was started without --trusted-keys, so it takes no model packages.", 0, default, []);
        try
        {
            var (trusted, document, now) = (TrustedKeys.Load(folder), TrustedKeys.ReadDocument(folder), time.GetUtcNow());
            var keys = trusted.KeyIds.Union(document?.Revoked.Keys ?? []).Select(id => (Id: id, Standing: trusted.Standing(id, now)))
                .Select(key => new TrustedKeyState(key.Id, trusted.NameOf(key.Id), key.Standing.State, key.Standing.Words));
            return new TrustState(folder, null, document?.Version ?? 0, document?.Issued ?? default, [.. keys.OrderBy(key => key.State != KeyState.Valid).ThenBy(key => key.Name, StringComparer.Ordinal)]);
        }
        catch (PackageException e)
        {
            return new TrustState(folder, e.Message, 0, default, []);
        }
    }
}
