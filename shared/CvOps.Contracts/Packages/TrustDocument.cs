using System.Text.Json.Serialization;

namespace CvOps.Contracts.Packages;

/// <summary>
/// <c>trust.json</c> in a folder of trusted keys: until when keys count, and which count no more. <c>cvops model trust</c> writes it. A field
/// that is not known here is a mistake, for a misspelt revocation would be none.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TrustDocument
{
    /// <summary>Version of this document's form.</summary>
    public int Format { get; set; } = 1;

    /// <summary>Rises with every change, from 1: who has seen one takes no older one.</summary>
    public required long Version { get; init; }

    /// <summary>When this version was made. A clock that shows much less is wrong.</summary>
    public required DateTimeOffset Issued { get; init; }

    /// <summary>By key id.</summary>
    public IReadOnlyDictionary<string, KeyTerms> Keys { get; set; } = new Dictionary<string, KeyTerms>();

    /// <summary>By key id. A revocation stays when the key's file goes, so that the reason can be told.</summary>
    public IReadOnlyDictionary<string, KeyRevocation> Revoked { get; set; } = new Dictionary<string, KeyRevocation>();

    /// <returns>The first thing wrong, as the end of a sentence; null when sound.</returns>
    internal string? Problem()
    {
        if (Format != 1) return $"it has form {Format}, and this version reads form 1.";
        if (Version < 1) return $"its version is {Version}; versions begin at 1.";
        if (Keys.Keys.Concat(Revoked.Keys).FirstOrDefault(id => !SigningKeys.IsKeyId(id)) is { } wrong) return $"'{wrong}' is no key id: {SigningKeys.KeyIdDigits} hex digits.";
        if (Keys.Values.Any(terms => terms is null) || Revoked.Values.Any(revocation => revocation is null)) return "it has a key or a revocation that says null.";
        if (Keys.FirstOrDefault(key => key.Value.NotBefore >= key.Value.NotAfter).Key is { } never) return $"key {never} ends before it begins.";
        return Revoked.FirstOrDefault(key => string.IsNullOrWhiteSpace(key.Value.Reason)).Key is { } mute ? $"the revocation of key {mute} gives no reason." : null;
    }
}

/// <summary>When a key counts.</summary>
/// <param name="Name">What people call it; null for its file's name.</param>
/// <param name="NotBefore">It counts from then on; null for ever since.</param>
/// <param name="NotAfter">It counts no more from then on; null for ever.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record KeyTerms(string? Name = null, DateTimeOffset? NotBefore = null, DateTimeOffset? NotAfter = null);

/// <summary>A key that counts no more, whatever any clock says.</summary>
/// <param name="Since">When it was lost or withdrawn: told to people, never compared, for nothing proves when a package was signed.</param>
/// <param name="Reason">For people.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record KeyRevocation(DateTimeOffset Since, string Reason);
