using System.Security.Cryptography;
using System.Text.Json;

namespace CvOps.Contracts.Packages;

/// <summary>
/// Public keys whose packages a device or fleet believes: a folder of <c>*.pem</c> files with an optional <see cref="TrustDocument"/>,
/// <c>trust.json</c>. None trusted: every package is refused. The folder is delivered as a whole, by whatever brings configuration to a device.
/// </summary>
public sealed class TrustedKeys
{
    /// <summary>The <see cref="TrustDocument"/> in the folder.</summary>
    public const string DocumentName = "trust.json";

    /// <summary>Largest trust document, in bytes.</summary>
    public const int DocumentBytes = 1024 * 1024;

    // The machine that issued the document may be ahead of the device that reads it.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromDays(1);

    private readonly Dictionary<string, TrustedKey> _keys = [];
    private readonly Dictionary<string, KeyRevocation> _revoked = [];

    /// <summary>Keys with a file, revoked or not.</summary>
    public IReadOnlyCollection<string> KeyIds => _keys.Keys;

    /// <summary>Of the trust document; 0 without one.</summary>
    public long Version { get; private set; }

    /// <summary>No right clock shows less.</summary>
    public DateTimeOffset EarliestNow { get; private set; } = Limits.EarliestClock;

    /// <summary>Reads every <c>*.pem</c> of a folder (a public key, or a certificate, whose validity then limits the key's) and its <c>trust.json</c>.</summary>
    /// <exception cref="PackageException">The folder is missing, a file in it is no P-256 public key, or the trust document is not understood: what cannot be read is never skipped silently.</exception>
    public static TrustedKeys Load(string folder)
    {
        if (!Directory.Exists(folder)) throw new PackageException($"The folder of trusted keys {folder} does not exist: create it and put the public keys of your signers there as .pem files.");
        var keys = new TrustedKeys();
        foreach (var path in Directory.EnumerateFiles(folder, "*.pem").Order(StringComparer.Ordinal)) keys.AddFile(path);
        if (ReadDocument(folder) is { } document) keys.Limit(document);
        return keys;
    }

    /// <returns>The folder's trust document; null when it has none.</returns>
    /// <exception cref="PackageException">It is not understood.</exception>
    public static TrustDocument? ReadDocument(string folder)
    {
        var path = Path.Combine(folder, DocumentName);
        try
        {
            if (!File.Exists(path)) return null;
            if (new FileInfo(path).Length > DocumentBytes) throw new JsonException($"it is larger than {DocumentBytes:N0} bytes");
            var document = JsonSerializer.Deserialize(File.ReadAllBytes(path), ContractsJson.Default.TrustDocument) ?? throw new JsonException("it says null");
            return document.Problem() is { } problem ? throw new JsonException(problem) : document;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException or FormatException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new PackageException($"{path} is no trust document, so no key is believed: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <param name="notAfter">The key is refused from then on; null for never.</param>
    public TrustedKeys Add(ECDsa key, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null, string? name = null)
    {
        var id = SigningKeys.KeyId(key);
        var trusted = _keys.GetValueOrDefault(id) ?? new TrustedKey(name ?? id, key.ExportSubjectPublicKeyInfo(), null, null);
        _keys[id] = trusted.Within(notBefore, notAfter);
        return this;
    }

    /// <summary>The key counts no more, also when it is added later.</summary>
    public TrustedKeys Revoke(string keyId, DateTimeOffset since, string reason)
    {
        _revoked[keyId] = new KeyRevocation(since, reason);
        return this;
    }

    /// <summary>How a key stands at a moment.</summary>
    public KeyStanding Standing(string keyId, DateTimeOffset now)
    {
        if (_revoked.GetValueOrDefault(keyId) is { } revoked) return new(KeyState.Revoked, $"was revoked: {revoked.Reason.Trim().TrimEnd('.')} (since {TrustedKey.Shown(revoked.Since)})");
        return Find(keyId)?.At(now, EarliestNow) ?? new(KeyState.Unknown, "is unknown here");
    }

    /// <summary>What people call a key; its id when it is unknown.</summary>
    public string NameOf(string keyId) => Find(keyId)?.Name ?? keyId;

    internal TrustedKey? Find(string keyId) => _keys.GetValueOrDefault(keyId);

    private void Limit(TrustDocument document)
    {
        Version = document.Version;
        var issued = document.Issued > DateTimeOffset.MinValue + ClockSlack ? document.Issued - ClockSlack : document.Issued;
        if (issued > EarliestNow) EarliestNow = issued;
        foreach (var (id, terms) in document.Keys)
            if (Find(id) is { } key) _keys[id] = key.Within(terms.NotBefore, terms.NotAfter) with { Name = terms.Name ?? key.Name };
        foreach (var (id, revocation) in document.Revoked) _revoked[id] = revocation;
    }

    private void AddFile(string path)
    {
        try
        {
            var (key, notBefore, notAfter) = SigningKeys.LoadPublic(path);
            using (key) Add(key, notBefore, notAfter, Path.GetFileNameWithoutExtension(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            throw new PackageException($"{path} holds no P-256 public key to trust: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
