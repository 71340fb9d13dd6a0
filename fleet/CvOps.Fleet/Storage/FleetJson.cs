using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Storage;

namespace CvOps.Fleet.Storage;

/// <summary>JSON of grain state and of grain calls: names as written in code, enums by name, so that adding a field or a value breaks no stored state.</summary>
internal static class FleetJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
    };
}

/// <summary>Grain state as JSON, whichever database keeps it.</summary>
internal sealed class FleetStateSerializer : IGrainStorageSerializer
{
    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, FleetJson.Options));

    public T? Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input.ToMemory().Span, FleetJson.Options);
}
