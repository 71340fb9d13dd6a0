using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Packages;

namespace CvOps.Cli.Commands;

/// <summary>Changes a folder of trusted keys. Each change raises the version of its trust document by one and is on disk whole or not at all.</summary>
internal sealed class TrustFolder(string path)
{
    private static readonly JsonSerializerOptions Indented = new(ContractsJson.Default.Options) { WriteIndented = true };

    public string Path => path;

    /// <returns>The key's id and the document's new version.</returns>
    /// <exception cref="CliException">The file is no public key, the key is revoked, or it would never count.</exception>
    public (string Id, long Version) Add(string pem, KeyTerms terms, DateTimeOffset now)
    {
        Directory.CreateDirectory(path);
        var old = Read();
        string id;
        try
        {
            id = SigningKeys.PublicKeyId(pem);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CliException($"{pem} holds no P-256 public key: {e.Message}", ExitCodes.Configuration);
        }

        if (old?.Revoked.TryGetValue(id, out var revocation) == true) throw new CliException($"Key {id} was revoked ({revocation.Reason}) and stays so: make another with 'cvops model key'.", ExitCodes.Configuration);
        if (terms.NotBefore >= terms.NotAfter) throw new CliException("--until is not after --from: the key would never count.", ExitCodes.Configuration);
        var target = System.IO.Path.Combine(path, System.IO.Path.GetFileName(pem));
        if (System.IO.Path.GetExtension(target) != ".pem") target += ".pem";
        if (System.IO.Path.GetFullPath(pem) != System.IO.Path.GetFullPath(target))
        {
            if (File.Exists(target) && SigningKeys.PublicKeyId(target) != id) throw new CliException($"{target} is another key: rename {pem}.", ExitCodes.Configuration);
            File.Copy(pem, target, overwrite: true);
        }

        var keys = new SortedDictionary<string, KeyTerms>((old?.Keys ?? new Dictionary<string, KeyTerms>()).ToDictionary(), StringComparer.Ordinal) { [id] = terms };
        return (id, Write(old, now, document => document with { Keys = keys }));
    }

    /// <returns>The document's new version.</returns>
    /// <exception cref="CliException">The text is no key id, or there is no such folder.</exception>
    public long Revoke(string id, KeyRevocation revocation, DateTimeOffset now)
    {
        if (!Directory.Exists(path)) throw new CliException($"There is no folder {path}.", ExitCodes.Configuration);
        if (!SigningKeys.IsKeyId(id)) throw new CliException($"'{id}' is no key id: {SigningKeys.KeyIdDigits} hex digits, as 'cvops model trust list' shows them.", ExitCodes.Configuration);
        if (string.IsNullOrWhiteSpace(revocation.Reason)) throw new CliException("--reason is empty: say why in a few words.", ExitCodes.Configuration);
        var old = Read();
        var revoked = new SortedDictionary<string, KeyRevocation>((old?.Revoked ?? new Dictionary<string, KeyRevocation>()).ToDictionary(), StringComparer.Ordinal) { [id] = revocation };
        return Write(old, now, document => document with { Revoked = revoked });
    }

    /// <summary>People read the file.</summary>
    public static DateTimeOffset WholeSeconds(DateTimeOffset at) => new(at.UtcTicks - at.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);

    private TrustDocument? Read() => Directory.Exists(path) ? TrustedKeys.ReadDocument(path) : null;

    private long Write(TrustDocument? old, DateTimeOffset now, Func<TrustDocument, TrustDocument> change)
    {
        var issued = WholeSeconds(now);
        var next = change((old ?? new TrustDocument { Version = 0, Issued = issued }) with { Version = (old?.Version ?? 0) + 1, Issued = issued });
        var target = System.IO.Path.Combine(path, TrustedKeys.DocumentName);
        File.WriteAllText(target + ".part", JsonSerializer.Serialize(next, (JsonTypeInfo<TrustDocument>)Indented.GetTypeInfo(typeof(TrustDocument))) + "\n");
        File.Move(target + ".part", target, overwrite: true);
        return next.Version;
    }
}
