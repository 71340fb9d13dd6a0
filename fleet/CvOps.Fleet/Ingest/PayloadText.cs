using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CvOps.Fleet.Ingest;

/// <summary>Bytes for a person to look at. Pure.</summary>
internal static class PayloadText
{
    /// <summary>Longest text of JSON, in characters.</summary>
    public const int MostText = 16_384;

    /// <summary>Bytes of a hex dump.</summary>
    public const int MostBytes = 512;

    private const int BytesALine = 16;

    // Read by people on a page that escapes it: quotation marks and letters of any alphabet as they are.
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>Indented JSON where it is JSON, else a hex dump; cut where it is long.</returns>
    public static string Of(ReadOnlySpan<byte> payload) => Json(payload.ToArray()) ?? Hex(payload);

    private static string? Json(byte[] payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            using var memory = new MemoryStream();
            using (var writer = new Utf8JsonWriter(memory, Indented)) document.WriteTo(writer);
            var text = Encoding.UTF8.GetString(memory.GetBuffer(), 0, (int)memory.Length);
            return text.Length <= MostText ? text : text[..MostText] + "\n...";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static string Hex(ReadOnlySpan<byte> payload)
    {
        var text = new StringBuilder();
        for (var at = 0; at < Math.Min(payload.Length, MostBytes); at += BytesALine)
        {
            var line = payload[at..Math.Min(payload.Length, at + BytesALine)];
            text.Append(CultureInfo.InvariantCulture, $"{at:x8}  ");
            for (var i = 0; i < BytesALine; i++) text.Append(i < line.Length ? line[i].ToString("x2", CultureInfo.InvariantCulture) : "  ").Append(' ');
            text.Append(' ');
            foreach (var value in line) text.Append(value is >= 0x20 and < 0x7f ? (char)value : '.');
            text.Append('\n');
        }
        return payload.Length > MostBytes ? text.Append("...").ToString() : text.ToString().TrimEnd('\n');
    }
}
