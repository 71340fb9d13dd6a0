using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Link.IotHub;

/// <summary>
/// The desired properties of a hub's twin as far as they have come. Their version is the document's own <c>version</c> where it has one, else the
/// hub's <c>$version</c>, which rises with every change by itself.
/// </summary>
internal sealed class DesiredDocument
{
    private const string HubVersion = "$version";

    private JsonObject _document = [];
    private long _version = -1;

    /// <summary>The whole document.</summary>
    /// <returns>False when a newer one is here.</returns>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    public bool Replace(string json)
    {
        var (version, document) = Parse(json);
        if (version < _version) return false;
        (_version, _document) = (version, document);
        return true;
    }

    /// <summary>What the hub tells of a change.</summary>
    /// <returns>False when a change before it has not been seen: the whole document has to be asked for.</returns>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    public bool TryApply(string json)
    {
        var (version, patch) = Parse(json);
        if (version <= _version) return true;
        if (_version < 0 || version != _version + 1) return false;
        (_version, _document) = (version, TwinPatch.Apply(_document, patch));
        return true;
    }

    /// <exception cref="JsonException">It is no desired twin.</exception>
    public TwinDesired Read()
    {
        var document = (JsonObject)_document.DeepClone();
        document["version"] ??= _version;
        return document.Deserialize(ContractsJson.Default.TwinDesired) ?? throw new JsonException("The desired properties are empty.");
    }

    private static (long Version, JsonObject Document) Parse(string json)
    {
        if (JsonNode.Parse(json) is not JsonObject document) throw new JsonException("Desired properties are a JSON object.");
        var version = document[HubVersion] is JsonValue value && value.TryGetValue<long>(out var number) ? number : 0;
        foreach (var own in document.Select(it => it.Key).Where(name => name.StartsWith('$')).ToArray()) document.Remove(own);
        return (version, document);
    }
}
