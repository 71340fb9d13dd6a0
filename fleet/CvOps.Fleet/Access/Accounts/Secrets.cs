using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace CvOps.Fleet.Access.Accounts;

/// <summary>Random texts of 256 bits that people and programs carry, and the hash of them that the database has: nobody signs in with what a backup holds.</summary>
internal static class Secrets
{
    private const int Bytes = 32;

    public static string Make() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>SHA-256 in hex. Enough where the secret is random; passwords take a slow one.</summary>
    public static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    public static bool AreEqual(string one, string other) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));
}
