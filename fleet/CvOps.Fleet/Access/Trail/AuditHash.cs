using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Access.Trail;

/// <summary>
/// Chains entries of the audit log: each hash is SHA-256 over the one before in hex, a line feed, and the entry as a JSON array of time in microseconds since
/// 1970, by, action, subject and detail, without spaces, in UTF-8. The first stands on <see cref="Beginning"/>. Whoever has an export can check it with any tool.
/// </summary>
internal static class AuditHash
{
    public const string Beginning = "cvops audit 1";

    private static readonly JsonWriterOptions Form = new() { Indented = false, SkipValidation = true };

    /// <param name="before">The hash of the entry before, or <see cref="Beginning"/>.</param>
    public static string Next(string before, DateTimeOffset at, string by, string action, string subject, string detail)
    {
        using var memory = new MemoryStream();
        memory.Write(Encoding.UTF8.GetBytes(before));
        memory.WriteByte((byte)'\n');
        using (var writer = new Utf8JsonWriter(memory, Form))
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(SqlTime.Of(at));
            foreach (var text in (ReadOnlySpan<string>)[by, action, subject, detail]) writer.WriteStringValue(text);
            writer.WriteEndArray();
        }
        return Convert.ToHexStringLower(SHA256.HashData(memory.GetBuffer().AsSpan(0, (int)memory.Length)));
    }
}
