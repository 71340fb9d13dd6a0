using System.Globalization;

namespace CvOps.Contracts.Packages;

/// <summary>
/// A file with the highest version of the trust document that was ever seen here: whoever puts an older folder back, by mistake or to undo a
/// revocation, is refused. It lies apart from the folder, where the program alone writes.
/// </summary>
public sealed class TrustMemory(string path)
{
    private readonly Lock _gate = new();

    /// <summary>Reads a folder of trusted keys that is not older than any before it.</summary>
    /// <exception cref="PackageException">It is older, or as of <see cref="TrustedKeys.Load"/>.</exception>
    public TrustedKeys Load(string folder)
    {
        var keys = TrustedKeys.Load(folder);
        lock (_gate) Compare(folder, keys);
        return keys;
    }

    private void Compare(string folder, TrustedKeys keys)
    {
        try
        {
            var seen = Seen();
            if (keys.Version < seen) throw new PackageException($"The folder of trusted keys {folder} has {(keys.Version == 0 ? $"no {TrustedKeys.DocumentName}" : $"version {keys.Version}")}, and version {seen} was seen here before: an older copy was put back. Deliver the newest.");
            if (keys.Version > seen) Write(keys.Version);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PackageException($"Which version of the trusted keys was seen last can't be told, so no key is believed: {path}: {e.Message}", e);
        }
    }

    private long Seen()
    {
        if (!File.Exists(path)) return 0;
        // A torn file must not lock a device out for good: what it once said is lost, and the folder's own version counts anew.
        return long.TryParse(File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
    }

    private void Write(long version)
    {
        var part = path + ".part";
        using (var file = new FileStream(part, FileMode.Create, FileAccess.Write))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(version.ToString(CultureInfo.InvariantCulture) + "\n"));
            DurableFile.Sync(file);
        }

        DurableFile.Replace(part, path);
    }
}
