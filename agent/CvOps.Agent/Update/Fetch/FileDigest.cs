using System.Security.Cryptography;

namespace CvOps.Agent.Update.Fetch;

internal static class FileDigest
{
    /// <summary>SHA-256 of a file, lower-case hex, taken at low priority: the line goes first.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Task<string> OfAsync(string path) => LowPriority.RunAsync("digest package", () =>
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    });
}
