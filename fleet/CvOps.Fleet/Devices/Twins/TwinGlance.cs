using System.Text.Json;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>What lists ask of a document, so that nobody has to open it again.</summary>
/// <param name="Cameras">It names so many.</param>
/// <param name="Live">So many of them give pictures.</param>
/// <param name="Level">Whether a person should look at it.</param>
internal readonly record struct TwinGlance(int Cameras, int Live, AttentionLevel Level)
{
    public static TwinGlance Of(DeviceHealth health) => new(health.Cameras.Count, health.Cameras.Count(camera => camera.State == CameraState.Live), DeviceAttention.Level(health));

    public static TwinGlance Of(TwinReported reported) => new(reported.Cameras.Count, 0, DeviceAttention.Level(reported));

    /// <summary>The same of a health report as the database has it, read over without making a record of it.</summary>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    public static TwinGlance OfHealth(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var glance = default(TwinGlance);
        while (NextName(ref reader))
        {
            if (reader.ValueTextEquals("cameras"u8)) glance = TakeCameras(ref reader, glance);
            else if (reader.ValueTextEquals("spool"u8)) glance = TakeSpool(ref reader, glance);
            else SkipValue(ref reader);
        }
        return glance;
    }

    /// <summary>The same of what a device reported.</summary>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    public static TwinGlance OfReported(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var glance = default(TwinGlance);
        while (NextName(ref reader))
        {
            if (reader.ValueTextEquals("cameras"u8)) glance = TakeCameras(ref reader, glance) with { Live = 0, Level = glance.Level };
            else if (reader.ValueTextEquals("model"u8))
            {
                reader.Read();
                while (NextName(ref reader))
                {
                    var isState = reader.ValueTextEquals("state"u8);
                    if (!isState) SkipValue(ref reader);
                    else if (reader.Read() && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(nameof(UpdateState.Failed))) glance = glance with { Level = AttentionLevel.Warning };
                }
            }
            else SkipValue(ref reader);
        }
        return glance;
    }

    private static TwinGlance TakeCameras(ref Utf8JsonReader reader, TwinGlance glance)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return glance;
        }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            glance = glance with { Cameras = glance.Cameras + 1 };
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }
            while (NextName(ref reader))
            {
                var isState = reader.ValueTextEquals("state"u8);
                if (!isState) SkipValue(ref reader);
                else if (reader.Read() && reader.TokenType == JsonTokenType.String)
                {
                    if (reader.ValueTextEquals(nameof(CameraState.Live))) glance = glance with { Live = glance.Live + 1 };
                    else if (reader.ValueTextEquals(nameof(CameraState.Stale)) || reader.ValueTextEquals(nameof(CameraState.Lost))) glance = glance with { Level = AttentionLevel.Error };
                }
            }
        }
        return glance;
    }

    private static TwinGlance TakeSpool(ref Utf8JsonReader reader, TwinGlance glance)
    {
        reader.Read();
        while (NextName(ref reader))
        {
            var isEvicted = reader.ValueTextEquals("evictedMessages"u8);
            if (!isEvicted) SkipValue(ref reader);
            else if (reader.Read() && reader.TokenType == JsonTokenType.Number && reader.GetInt64() > 0 && glance.Level == AttentionLevel.None) glance = glance with { Level = AttentionLevel.Warning };
        }
        return glance;
    }

    /// <summary>On to the next name of the object the reader is in, or at whose begin it is.</summary>
    private static bool NextName(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.None && (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)) throw new JsonException("A document is no object.");
        return reader.TokenType != JsonTokenType.Null && reader.Read() && reader.TokenType == JsonTokenType.PropertyName;
    }

    private static void SkipValue(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }
}
