using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CvOps.Contracts;

/// <summary>A name that may stand as one level of an MQTT topic, a file name and a part of a URL.</summary>
public static class Identifier
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    /// <summary>Longest identifier, in characters.</summary>
    public const int MaxLength = 64;

    /// <summary>True for 1..64 characters of a-z, A-Z, 0-9, '-', '_' and '.', not starting with '.'.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= MaxLength } && text[0] != '.'
        && text.AsSpan().IndexOfAnyExcept(Allowed) < 0;

    /// <exception cref="FormatException">The text is no identifier; the message says which characters are allowed.</exception>
    internal static string Check(string? text, string what) => IsValid(text)
        ? text
        : throw new FormatException($"'{text}' is no {what}: use 1 to {MaxLength} letters, digits, '-', '_' or '.', not starting with '.'.");
}

/// <summary>A device, unique in the fleet; the common name of its certificate.</summary>
[JsonConverter(typeof(DeviceIdConverter))]
public readonly record struct DeviceId
{
    public DeviceId(string value) => Value = Identifier.Check(value, "device id");

    public string Value { get => field ?? ""; }

    public override string ToString() => Value;
}

/// <summary>A camera, unique on its device.</summary>
[JsonConverter(typeof(CameraIdConverter))]
public readonly record struct CameraId
{
    public CameraId(string value) => Value = Identifier.Check(value, "camera id");

    public string Value { get => field ?? ""; }

    public override string ToString() => Value;
}

/// <summary>A plant or building; the topic level above its devices.</summary>
[JsonConverter(typeof(SiteIdConverter))]
public readonly record struct SiteId
{
    public SiteId(string value) => Value = Identifier.Check(value, "site id");

    public string Value { get => field ?? ""; }

    public override string ToString() => Value;
}

internal sealed class DeviceIdConverter : JsonConverter<DeviceId>
{
    public override DeviceId Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => IdentifierJson.Read(ref reader, text => new DeviceId(text));

    public override void Write(Utf8JsonWriter writer, DeviceId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

internal sealed class CameraIdConverter : JsonConverter<CameraId>
{
    public override CameraId Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => IdentifierJson.Read(ref reader, text => new CameraId(text));

    public override void Write(Utf8JsonWriter writer, CameraId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

internal sealed class SiteIdConverter : JsonConverter<SiteId>
{
    public override SiteId Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => IdentifierJson.Read(ref reader, text => new SiteId(text));

    public override void Write(Utf8JsonWriter writer, SiteId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

internal static class IdentifierJson
{
    /// <exception cref="JsonException">The value is no string or no identifier.</exception>
    public static T Read<T>(ref Utf8JsonReader reader, Func<string, T> make)
    {
        try
        {
            return make(reader.GetString() ?? throw new JsonException("An identifier may not be null."));
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            throw new JsonException(e.Message, e);
        }
    }
}
