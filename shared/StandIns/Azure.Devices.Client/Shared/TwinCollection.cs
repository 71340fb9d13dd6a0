using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.Azure.Devices.Shared;

/// <summary>A part of a twin: a JSON object, with the hub's <c>$version</c> of it.</summary>
public class TwinCollection
{
    private const string VersionName = "$version";
    private const string MetadataName = "$metadata";

    private readonly JsonObject _json;

    public TwinCollection() => _json = [];

    /// <exception cref="JsonException">It is no JSON object.</exception>
    public TwinCollection(string twinJson) =>
        _json = JsonNode.Parse(twinJson) as JsonObject ?? throw new JsonException("A twin's part must be a JSON object.");

    internal TwinCollection(JsonObject json) => _json = json;

    /// <summary>0 when the hub gave none.</summary>
    public long Version => _json.TryGetPropertyValue(VersionName, out var version) && version is not null ? version.GetValue<long>() : 0;

    /// <summary>Without the hub's own.</summary>
    public int Count => _json.Count(property => property.Key is not (VersionName or MetadataName));

    public bool Contains(string propertyName) => _json.ContainsKey(propertyName);

    /// <summary>All of it, the hub's own properties included.</summary>
    public string ToJson() => _json.ToJsonString();

    public override string ToString() => ToJson();
}
